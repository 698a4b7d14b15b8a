-- wrk script: every request is a buy by the next buyer. The requests are built once, so that the script
-- costs the same few nanoseconds whichever server is measured.
-- Environment: TOKENS (a file, one token a line), PRODUCT, PATH_PREFIX (default none).
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  requests, at = {}, 0
  local product = os.getenv("PRODUCT") or "bench"
  local share = tonumber(os.getenv("THREADS") or "2")
  local line_no = 0
  for token in io.lines(os.getenv("TOKENS")) do
    if line_no % share == id then
      requests[#requests + 1] = wrk.format("POST", "/api/flash-buy", {
        ["Host"] = "127.0.0.1", ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token,
      }, '{"product_id":"' .. product .. '","quantity":1}')
    end
    line_no = line_no + 1
  end
  counts = { s200 = 0, s400 = 0, s429 = 0, s503 = 0, other = 0 }
end

function request()
  at = at % #requests + 1
  return requests[at]
end
