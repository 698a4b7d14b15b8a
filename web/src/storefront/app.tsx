// The storefront's pages and what stands around them. Home is in the first load; the others come when needed.
import { lazy } from "react";
import { Link, Route, Switch } from "wouter";
import { useSession } from "../shared/api/use-session.ts";
import { Main, NotFound, SkipLink, ThemeChoice, Wordmark } from "../ui/page.tsx";
import "./app.css";
import { Home } from "./pages/home.tsx";

const Product = lazy(() => import("./pages/product.tsx").then((page) => ({ default: page.ProductPage })));
const Orders = lazy(() => import("./pages/orders.tsx").then((page) => ({ default: page.OrdersPage })));
const Order = lazy(() => import("./pages/order.tsx").then((page) => ({ default: page.OrderPage })));
const Login = lazy(() => import("./pages/login.tsx").then((page) => ({ default: page.LoginPage })));
const Register = lazy(() => import("./pages/register.tsx").then((page) => ({ default: page.RegisterPage })));
const Account = lazy(() => import("./pages/account.tsx").then((page) => ({ default: page.AccountPage })));

export function Storefront() {
  return (
    <div className="shop">
      <SkipLink />
      <header className="shop-head">
        <Wordmark href="/" />
        <Navigation />
      </header>
      <Main>
        <Switch>
          <Route path="/" component={Home} />
          <Route path="/p/:id">{({ id }) => <Product key={id} id={id} />}</Route>
          <Route path="/orders" component={Orders} />
          <Route path="/orders/:id">{({ id }) => <Order key={id} id={id} />}</Route>
          <Route path="/login" component={Login} />
          <Route path="/register" component={Register} />
          <Route path="/account" component={Account} />
          <Route>
            <NotFound home="/" />
          </Route>
        </Switch>
      </Main>
      <footer className="shop-foot">
        <p className="quiet small">A limited stock, sold once, in the order of the answers.</p>
        <nav aria-label="More">
          <a href="/docs">API</a>
        </nav>
        <ThemeChoice />
      </footer>
    </div>
  );
}

function Navigation() {
  const session = useSession();
  return (
    <nav className="shop-nav" aria-label="Shop">
      <NavLink href="/">Sales</NavLink>
      <NavLink href="/orders">Orders</NavLink>
      {/* While the server is asked who this is, the room is kept. */}
      <NavLink href={session.kind === "guest" ? "/login" : "/account"}>{session.kind === "guest" ? "Log in" : "Account"}</NavLink>
    </nav>
  );
}

const NavLink = ({ href, children }: { href: string; children: string }) => (
  <Link href={href} className={(isActive) => (isActive ? "nav-link is-active" : "nav-link")}>
    {children}
  </Link>
);
