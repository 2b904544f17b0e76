// Each line of standard input is a text as JSON; one line for each: its encoding, and into how many segments it goes.
"use strict";
const { SegmentedMessage } = require("sms-segments-calculator");
const lines = require("node:fs").readFileSync(0, "utf8").split("\n").slice(0, -1);
const counted = lines.map((line) => new SegmentedMessage(JSON.parse(line), "auto", false));
process.stdout.write(counted.map((found) => `${found.encodingName} ${found.segmentsCount}\n`).join(""));
