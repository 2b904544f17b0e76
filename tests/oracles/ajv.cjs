// `compile FILE…`: one line for each schema, what ajv's strict mode has against it or "ok".
// `validate FILE`: one character for each JSON value in a line of standard input, 1 where the schema accepts it.
"use strict";
const fs = require("node:fs");

const CLASSES = {
  "http://json-schema.org/draft-07/schema#": require("ajv").default,
  "https://json-schema.org/draft/2020-12/schema": require("ajv/dist/2020").default,
};
// As RFC 3339, RFC 3986 and RFC 9562 write them; ajv-formats takes a space for the T, and more characters in addresses.
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-](\d\d):(\d\d))$/i;
const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:(%[0-9a-f]{2}|[!#$&'()*+,./0-9:;=?@a-z[\]_~-])+$/i,
  "date-time": (text) => {
    const found = DATE_TIME.exec(text);
    if (!found) return false;
    const [, year, month, day, hour, minute, second, , , zoneHour = 0, zoneMinute = 0] = found.map(Number);
    const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
    const exists = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days;
    return exists && hour < 24 && minute < 60 && second <= 60 && !(zoneHour > 23) && !(zoneMinute > 59);
  },
};

function read(file) {
  const schema = JSON.parse(fs.readFileSync(file, "utf8"));
  return [schema, new CLASSES[schema.$schema]({ strict: true, allowUnionTypes: true, logger: false })];
}

const [command, ...files] = process.argv.slice(2);
if (command === "compile") {
  for (const file of files) {
    const [schema, ajv] = read(file);
    require("ajv-formats").default(ajv);
    try {
      ajv.compile(schema);
      console.log("ok");
    } catch (error) {
      console.log(error.message);
    }
  }
} else {
  const [schema, ajv] = read(files[0]);
  for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format);
  const accepts = ajv.compile(schema);
  const lines = fs.readFileSync(0, "utf8").split("\n").slice(0, -1);
  process.stdout.write(lines.map((line) => (accepts(JSON.parse(line)) ? "1" : "0")).join(""));
}
