"use strict";
// Runs first in the jsii kernel (see lazy_provider.py): makes modules that a synth may not need load
// when they are first used. A file of any other form than the one expected is left alone.

const fs = require("fs");

// Of CDKTF, and of CDK Terrain, its successor.
const INDEX = /\/@cdkt[fn]\/provider-aws\/lib\/index\.js$/;
const RE_EXPORT =
  /^exports\.(\w+) = (?:require\("(\.\/[\w.-]+)"\)|__importStar\(require\("(\.\/[\w.-]+\/index)"\)\));$/gm;
// What TypeScript writes for `export * as`, in CDK Terrain's index.
const HELPERS = /^var __createBinding = [^]*?^var __importStar = [^]*?^\}\)\(\);$/m;
// What else a compiled index consists of: directives, comments and `exports.a = exports.b = void 0;`.
const HARMLESS =
  /^(?:|"use strict";|\/\*\*| \*.*|\/\/.*|Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);|(?:exports\.\w+ = )+void 0;)$/;

// To zip assets (in another process, even) and to check the version of a program.
const RARELY_USED =
  /\/cdkt[fn]\/lib\/(?:private\/fs|validations\/(?:validate-binary-version|target-versions))\.js$/;
const REQUIRE = /^const (archiver|semver) = require\("\1"\);$/m;
const LAZY_REQUIRE =
  'const $1 = new Proxy(() => {}, { get: (_, name) => require("$1")[name], apply: (_, self, args) => require("$1")(...args) });';

function exportLazily(module, source) {
  const others = source.replace(HELPERS, "").replace(RE_EXPORT, "").split(/\r?\n/);
  if (!others.every((line) => HARMLESS.test(line))) return false;
  Object.defineProperty(module.exports, "__esModule", { value: true });
  for (const [, name, file, folder] of source.matchAll(RE_EXPORT)) {
    const get = () => module.require(file ?? folder);
    Object.defineProperty(module.exports, name, { enumerable: true, get });
  }
  return true;
}

const load = require.extensions[".js"];
require.extensions[".js"] = (module, filename) => {
  const read = () => fs.readFileSync(filename, "utf8");
  if (INDEX.test(filename) && exportLazily(module, read())) return;
  if (!RARELY_USED.test(filename)) return load(module, filename);
  module._compile(read().replace(REQUIRE, LAZY_REQUIRE), filename);
};

// When all is said and tidied up, nothing is left but memory; the system frees it in half the time.
if (require("worker_threads").isMainThread) process.reallyExit = () => process.kill(process.pid, "SIGKILL");
