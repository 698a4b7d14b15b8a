import "../styles/index.css";
import { mount } from "../ui/app-root.tsx";
import { Storefront } from "./app.tsx";

mount(<Storefront />);
