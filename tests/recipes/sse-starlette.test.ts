import { resolve } from "node:path";
import { type EventWriter, postTo, startWriter } from "./event-writer";
import { type RunningRecipe, runRecipe } from "./recipe";
import { INSTALLED, requireInstalled, type ServerProcess, startServerProcess } from "./servers";

const FOLDER = resolve(__dirname, "../../docs/recipes/sse-starlette");
const KEY = "application-key";

describe("the recipe sse-starlette, on the local stack against its application", function () {
  this.timeout(120_000);
  let server: ServerProcess;
  let orders: EventWriter;
  let recipe: RunningRecipe;

  before(async function () {
    requireInstalled.call(this, "python");
    server = await startServerProcess({
      command: INSTALLED.python,
      args: ["-B", "-m", "uvicorn", "--app-dir", FOLDER, "--port", "0", "--no-access-log", "app:app"],
      env: { KEY },
      ready: /running on (http:\S+)/,
    });
    const post = postTo(`${server.url}/streams/orders`, KEY);
    // Several lines are several `data:` fields.
    orders = startWriter((n) => post(JSON.stringify({ order: n }, null, n % 3)));
    recipe = await runRecipe("sse-starlette", { secrets: { url: server.url, key: KEY } });
  });
  after(async () => {
    await recipe?.close();
    await server?.close();
  });

  it("stores each event once through two handovers, from the first one", async () => {
    await recipe.twoHandovers("overlap");
    await orders.stop();
    await recipe.isComplete(orders.written);
  });
});
