// Makes a gRPC call with an empty request, and prints what came back as JSON: `status` (of HTTP), `grpc` (the status of
// gRPC, null without one) and `body` (base64), or `error`, a code.
//
//   node call.mjs URL PATH SECONDS
//
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { connect } from "node:http2";

const [url, path, seconds] = process.argv.slice(2);
const MOST_BYTES = 65536; // a block's header is at its beginning
const answer = { status: null, grpc: null };
const chunks = [];

let isOver = false;

function end(result) {
  if (isOver) return;
  isOver = true;
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

function endWithAnswer() {
  end({ ...answer, body: Buffer.concat(chunks).toString("base64") });
}

function endWithError(error) {
  end({ error: error.code ?? error.name });
}

function readStatus(headers) {
  answer.grpc = headers["grpc-status"] ?? answer.grpc;
}

function callMethod() {
  const call = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", endWithError);
  call.on("response", (headers) => {
    answer.status = headers[":status"];
    readStatus(headers);
  });
  call.on("trailers", readStatus);
  call.on("data", (chunk) => {
    chunks.push(chunk);
    if (chunks.reduce((sum, each) => sum + each.length, 0) < MOST_BYTES) return;
    answer.grpc = "0"; // which comes after the message
    endWithAnswer();
  });
  call.on("end", endWithAnswer);
  call.end(Buffer.alloc(5)); // not compressed, of length 0
}

setTimeout(() => end({ error: "ETIMEDOUT" }), 1000 * Number(seconds));
const session = connect(url, callMethod);
session.on("error", endWithError);
