// Loaded before the first paint, so that no theme flashes into another.
import { applyTheme } from "./theme_choice.ts";

applyTheme();
