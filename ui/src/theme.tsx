/** Light, dark, or as the system has it. */
import { useEffect, useState, useSyncExternalStore } from "react";

const KEY = "stemma-theme";
const NEXT = { system: "light", light: "dark", dark: "system" } as const;
const DARK = window.matchMedia("(prefers-color-scheme: dark)");
type Theme = keyof typeof NEXT;
const SIGNS: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

function kept(): Theme {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

function show() {
  const theme = kept();
  const dark = theme === "dark" || (theme === "system" && DARK.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

/** Show the theme that was chosen, and follow the system where none was. */
export function followTheme() {
  show();
  DARK.addEventListener("change", show);
}

function watch(changed: () => void) {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

/** Whether the page is dark, for what no style sheet reaches: pictures. */
export function useDark(): boolean {
  return useSyncExternalStore(watch, () => document.documentElement.dataset.theme === "dark");
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(kept);
  useEffect(() => {
    if (theme === "system") {
      localStorage.removeItem(KEY);
    } else {
      localStorage.setItem(KEY, theme);
    }
    show();
  }, [theme]);
  return (
    <button
      type="button"
      className="quiet"
      aria-label={`Colours: ${theme}. Change to ${NEXT[theme]}`}
      title={`Colours: ${theme}`}
      onClick={() => setTheme(NEXT[theme])}
    >
      <span aria-hidden="true">{SIGNS[theme]}</span>
    </button>
  );
}
