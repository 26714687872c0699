import { render } from "preact";
import "../styles/console.css";
import { App } from "./App.tsx";
import { Store } from "./store.ts";

const place = document.getElementById("app");
if (!place) throw new Error("the page has no place for the console");
const store = new Store();
render(<App store={store} />, place);
store.start();
