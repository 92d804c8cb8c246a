-- wrk's script: POST a template with every body different.
--   wrk … -s post.lua URL -- TEMPLATE NONCE CONVERSATIONS
-- In the template, @N@ is a number never used before (NONCE makes it so between runs), @C@ one of CONVERSATIONS
-- numbers in turn. Every request has an Idempotency-Key of its own. At the end one line of JSON is written.

local template, nonce, conversations, n

function init(args)
   local file = assert(io.open(args[1], "rb"))
   template = file:read("*a")
   file:close()
   nonce = args[2]
   conversations = tonumber(args[3])
   n = 0
end

local function fill(name)
   if name == "N" then
      n = n + 1
      return nonce .. "-" .. n
   end
   return tostring(n % conversations)
end

function request()
   local body = template:gsub("@(%u)@", fill)
   wrk.headers["Idempotency-Key"] = nonce .. "-" .. n
   return wrk.format("POST", nil, nil, body)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"bad_status":%d,"broken":%d,"timeouts":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
