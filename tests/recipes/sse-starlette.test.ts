import { resolve } from "node:path";
import { postTo, startWriter } from "./event-writer";
import { useRecipe } from "./recipe";
import { INSTALLED, startServerProcess } from "./servers";

const FOLDER = resolve(__dirname, "../../docs/recipes/sse-starlette");
const KEY = "application-key";

/** The application, and a client that adds events to it. */
async function startApplication() {
  const server = await startServerProcess({
    command: INSTALLED.python,
    args: ["-B", "-m", "uvicorn", "--app-dir", FOLDER, "--port", "0", "--no-access-log", "app:app"],
    env: { KEY },
    ready: /running on (http:\S+)/,
  });
  const post = postTo(`${server.url}/streams/orders`, KEY);
  // Several lines are several `data:` fields.
  const orders = startWriter((n) => post(JSON.stringify({ order: n }, null, n % 3)));
  return { ...server, orders };
}

describe("the recipe sse-starlette, on the local stack against its application", () => {
  const running = useRecipe("sse-starlette", startApplication, ({ url }) => ({ secrets: { url, key: KEY } }), "python");

  it("stores each event once through two handovers, from the first one", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    await upstream.orders.stop();
    await recipe.isComplete(upstream.orders.written);
  });
});
