/** What stands around every page. */
import { useEffect } from "react";
import { isRouteErrorResponse, Link, NavLink, Outlet, useLocation, useRouteError } from "react-router";
import { SearchBox } from "./search_box";
import { SignOut, useSession } from "./session";
import { Failed } from "./states";
import { ThemeSwitch } from "./theme";

const PLACES = [
  ["/", "Home"],
  ["/lineage", "Lineage"],
  ["/registry", "Registry"],
  ["/monitors", "Monitors"],
] as const;

export function Shell() {
  const session = useSession();
  const place = useLocation();
  useEffect(() => {
    // The page that came is where reading goes on, also for those who hear it.
    document.getElementById("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [place.pathname]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/ui/icon.svg" alt="" width="26" height="26" /> Stemma
        </Link>
        <nav aria-label="Main">
          {PLACES.map(([to, name]) => (
            <NavLink key={to} to={to} end={to === "/"}>
              {name}
            </NavLink>
          ))}
        </nav>
        <SearchBox />
        <div className="who">
          <span title={`Account ${session.account}`}>
            <bdi>{session.actor}</bdi> · {session.role?.toLowerCase()}
          </span>
          <ThemeSwitch />
          <SignOut />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

/** An address that leads nowhere, or a page that failed. */
export function Missing() {
  const error = useRouteError();
  if (error !== undefined && error !== null && !isRouteErrorResponse(error)) {
    return (
      <main className="page">
        <Failed error={error instanceof Error ? error : new Error("the page failed")} />
      </main>
    );
  }
  return (
    <div className="page">
      <h1>There is no such page</h1>
      <p>
        Look for the thing by its name in the box above, or go <Link to="/">home</Link>.
      </p>
    </div>
  );
}
