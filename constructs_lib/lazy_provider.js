"use strict";
// Runs first in the jsii kernel (see lazy_provider.py): makes the AWS provider's index require a
// resource's module when it is first used. An index of any other form is left alone.

const fs = require("fs");
const path = require("path");

const INDEX = path.join("/", "@cdktf", "provider-aws", "lib", "index.js");
const RE_EXPORT = /^exports\.(\w+) = require\(("\.\/[\w.-]+")\);$/gm;
// What else a compiled index consists of: directives, comments and `exports.a = exports.b = void 0;`.
const HARMLESS =
  /^(?:|"use strict";|\/\*\*| \*.*|\/\/.*|Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);|(?:exports\.\w+ = )+void 0;)$/;

function lazyIndex(source) {
  const others = source.replace(RE_EXPORT, "").split(/\r?\n/);
  if (!others.every((line) => HARMLESS.test(line))) return undefined;
  return source.replace(
    RE_EXPORT,
    'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });',
  );
}

const load = require.extensions[".js"];
require.extensions[".js"] = (module, filename) => {
  const source = filename.endsWith(INDEX) ? lazyIndex(fs.readFileSync(filename, "utf8")) : undefined;
  if (source === undefined) return load(module, filename);
  return module._compile(source, filename);
};
