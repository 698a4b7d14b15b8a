import "../styles/index.css";
import { mount } from "../ui/app-root.tsx";
import { preloadPages, Storefront } from "./app.tsx";

mount(<Storefront />);
preloadPages();
