import { mount } from "svelte";
import { config } from "zod/mini";
import App from "./App.svelte";
import "./theme.css";

// Zod would compile its schemas with `new Function`, which a strict content security policy refuses.
config({ jitless: true });

mount(App, { target: document.getElementById("app")! });
