/** PouchDB Server in memory, behind Basic authentication as CouchDB requires it. */
const express = require("express");
const expressPouchDB = require("express-pouchdb");
const PouchDB = require("pouchdb-core").plugin(require("pouchdb-adapter-memory")).defaults({ adapter: "memory" });

const authorization = `Basic ${Buffer.from(process.env.CREDENTIAL).toString("base64")}`;

const app = express();
app.use((request, response, next) => {
  if (request.get("authorization") === authorization) next();
  else response.status(401).json({ error: "unauthorized", reason: "Authentication required." });
});
app.use(expressPouchDB(PouchDB, { mode: "minimumForPouchDB" }));
const server = app.listen(0, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}`));
