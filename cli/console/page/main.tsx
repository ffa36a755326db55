import { render } from "preact";
import { App } from "./app";
import { takeToken } from "./connection";
import { restoreTheme } from "./header";
import "./style.css";

restoreTheme();
render(<App token={takeToken()} />, document.getElementById("app")!);
