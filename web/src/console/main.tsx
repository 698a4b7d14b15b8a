import "../styles/index.css";
import { mount } from "../ui/app-root.tsx";
import { Console } from "./app.tsx";

mount(<Console />);
