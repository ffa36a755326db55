import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lines, startUpstream } from "../fakes/upstream";
import { startLocal } from "../integration/local-process";
import { emptyFolder, install, type PackageName, packAll, run } from "../package/packages";
import { MANAGERS } from "./managers";
import { MODULE_SYSTEMS, writeProject } from "./project";

/** Projects as users have them, with the packages as npm publishes them. */
describe("a project in workspaces", function () {
  this.timeout(1_800_000);
  let folder: string;
  let tarballs: Record<PackageName, string>;
  before(() => {
    folder = emptyFolder("consumers-");
    tarballs = Object.fromEntries(packAll(folder).map(({ name, tarball }) => [name, tarball])) as typeof tarballs;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [index, manager] of MANAGERS.entries())
    describe(`of ${manager.name}`, () => {
      let project: string;
      const pathOf = (name: string) => join(project, "packages", name);
      const [program, ...first] = manager.command;
      before(() => {
        project = join(folder, `project-${index}`);
        mkdirSync(project);
        writeProject(project, manager, tarballs);
        install(project, program, ...first, ...manager.install);
      });
      after(() => rmSync(project, { recursive: true, force: true }));

      for (const [name, type] of Object.entries(MODULE_SYSTEMS)) {
        it(`compiles as ${type}, and tests its processor`, () => {
          run(pathOf(name), program, ...first, "run", "check");
        });

        it(`runs its program as ${type}, with bundled and installed packages`, async () => {
          const upstream = await startUpstream(lines('{"n":1}\n{"n":2}\n', "stay"));
          const local = startLocal(["--secret", `url=${upstream.url}`], {
            cwd: pathOf(name),
            nodeArgs: manager.commandLine,
          });
          try {
            for (const text of ["half of 1 is 0.5 10", "half of 2 is 1 10"])
              await local.line(({ kind, line }) => kind === "log" && line === text);
          } finally {
            await local.stop();
            await upstream.close();
          }
        });
      }
    });
});
