import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/ui/",
  plugins: [react()],
  build: {
    outDir: "../api/static",
    emptyOutDir: true,
    // Nothing inline: the pages' policy allows only files of the service.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: true,
    target: "es2022",
  },
  server: { proxy: { "/graphql": "http://127.0.0.1:8440", "/ui/session": "http://127.0.0.1:8440" } },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
