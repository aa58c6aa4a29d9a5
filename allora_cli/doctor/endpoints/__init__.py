"""Check the chain's gRPC endpoints.

checks        the check
probe         what one endpoint answers
call.mjs      one gRPC call, in Node.js, whose HTTP/2 Python's standard library lacks
"""
