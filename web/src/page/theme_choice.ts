export type Theme = "light" | "dark";

const kKey = "loquat.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** What was chosen on this page before, if anything; storage may be refused. */
function chosen(): Theme | undefined {
  try {
    const theme = localStorage.getItem(kKey);
    return theme === "light" || theme === "dark" ? theme : undefined;
  } catch {
    return undefined;
  }
}

/** The reader's choice, else the system's; the style sheet goes by `data-theme` alone. */
export function applyTheme(): Theme {
  const theme = chosen() ?? (system.matches ? "dark" : "light");
  document.documentElement.dataset["theme"] = theme;
  return theme;
}

export function currentTheme(): Theme {
  return document.documentElement.dataset["theme"] === "dark" ? "dark" : "light";
}

export function toggleTheme(): Theme {
  const theme: Theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(kKey, theme);
  } catch {
    // For this page view only, then.
  }
  return theme;
}

export function onSystemTheme(changed: (theme: Theme) => void): void {
  system.addEventListener("change", () => changed(applyTheme()));
}
