import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { AnswerError } from "./graphql";
import { HomePage } from "./pages/home";
import { SessionGate } from "./session";
import { Missing, Shell } from "./shell";
import { Busy } from "./states";
import { followTheme } from "./theme";
import "./styles.css";

const client = new QueryClient({
  defaultOptions: {
    // The service may run on this machine, whatever the browser thinks of the network.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      retry: (count, error) => count < 2 && error instanceof AnswerError && error.code === "UNREACHABLE",
      refetchOnWindowFocus: false,
    },
  },
});

const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      hydrateFallbackElement: <Busy what="the page" />,
      errorElement: <Missing />,
      children: [
        { index: true, element: <HomePage /> },
        { path: "lineage", lazy: async () => ({ Component: (await import("./pages/lineage")).LineagePage }) },
        { path: "entity/*", lazy: async () => ({ Component: (await import("./pages/entity")).EntityPage }) },
        { path: "registry", lazy: async () => ({ Component: (await import("./pages/registry")).RegistryPage }) },
        {
          path: "registry/:group/compare",
          lazy: async () => ({ Component: (await import("./pages/comparison")).ComparisonPage }),
        },
        { path: "registry/:group", lazy: async () => ({ Component: (await import("./pages/group")).GroupPage }) },
        { path: "monitors/run/*", lazy: async () => ({ Component: (await import("./pages/run")).RunPage }) },
        { path: "monitors", lazy: async () => ({ Component: (await import("./pages/monitors")).MonitorsPage }) },
        { path: "*", element: <Missing /> },
      ],
    },
  ],
  { basename: "/ui" },
);

followTheme();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      </QueryClientProvider>
    </StrictMode>,
  );
}
