// Answers every request on 127.0.0.1 as told, and prints its port: node grpc_server.mjs STATUS GRPC_STATUS BODY
import { createServer } from "node:http2";

const [status, grpc, body] = process.argv.slice(2);
const server = createServer();
server.on("stream", (stream) => {
  const type = grpc ? "application/grpc" : "text/html";
  stream.respond({ ":status": Number(status), "content-type": type }, { waitForTrailers: Boolean(grpc) });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": grpc }));
  stream.end(Buffer.from(body, "base64"));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
