// Whether standard input is in the Reviewdog Diagnostic Format: "ok", or what is wrong with it, a line each.
"use strict";
const fs = require("node:fs");
const { RDFormatValidator } = require("@umbrelladocs/rdformat-validator");

const validator = new RDFormatValidator({ strictMode: true, allowExtraFields: false });
validator.validateString(fs.readFileSync(0, "utf8")).then(({ valid, errors, warnings }) => {
  console.log(valid && !warnings.length ? "ok" : [...errors, ...warnings].map(({ path, message }) => `${path}: ${message}`).join("\n"));
});
