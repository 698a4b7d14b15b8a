// The storefront's pages and what stands around them. Home is in the first load; the others follow when it is idle.
import { usePrefetchQuery } from "@tanstack/react-query";
import { Link, Route, Switch } from "wouter";
import { useSession } from "../shared/api/use-session.ts";
import { later, preloadWhenIdle } from "../ui/later.tsx";
import { Main, NotFound, SkipLink, ThemeChoice, Wordmark } from "../ui/page.tsx";
import "./app.css";
import { productQuery } from "./goods.tsx";
import { Home } from "./pages/home.tsx";

const Product = later(() => import("./pages/product.tsx").then((page) => page.ProductPage));
const Order = later(() => import("./pages/order.tsx").then((page) => page.OrderPage));
const Login = later(() => import("./pages/login.tsx").then((page) => page.LoginPage));
const Register = later(() => import("./pages/register.tsx").then((page) => page.RegisterPage));
const Orders = later(() => import("./pages/orders.tsx").then((page) => page.OrdersPage));
const Account = later(() => import("./pages/account.tsx").then((page) => page.AccountPage));

/** In the order in which a buyer needs them. A server that dies in mid-buy must not take the next page with it. */
export const preloadPages = () => preloadWhenIdle([Product, Order, Login, Register, Orders, Account]);

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
          <Route path="/p/:id">{({ id }) => <ProductRoute key={id} id={id} />}</Route>
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

/** What it costs and what is left is asked for beside the page's code, not after it. */
function ProductRoute({ id }: { id: string }) {
  usePrefetchQuery(productQuery(id));
  return <Product id={id} />;
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
