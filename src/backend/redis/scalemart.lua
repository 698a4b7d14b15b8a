#!lua name=scalemart_v1
-- What ScaleMart does inside Redis. Loaded by the program or by `redis-cli -x FUNCTION LOAD REPLACE`.
--
-- KEYS[1] of every function is a base such as scalemart:{p3}: all keys of the call begin with it and so live in one
-- slot. Batches are packed into one string (struct, little-endian, no padding) so that a batch of any size is one
-- argument; backend/redis/*_wire.cpp has the other side. What stands here is only a filter, a limit or a queue: the
-- system of record decides.
--
-- A change of this file needs a new version in its first line and in VERSION (a test compares both with a digest).

local VERSION = 'scalemart_v1_'
local DIGEST = '@DIGEST@'

-- redis.call, math, struct and bit do not exist yet while the library is loaded, so they can't get short names here.
local function call(...) return redis.call(...) end

local ARGUMENTS_MAX = 3000 -- of one redis.call: Lua's stack has room for 8000

local function server_us()
  local time = call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function server_ms() return math.floor(server_us() / 1000) end

-- Calls command(key, ...) with the values of `list`, a few thousand at a time, `step` of them belonging together;
-- the answers, if any, in one list.
local function call_many(command, key, list, step)
  local answers, count = {}, 0
  local chunk = ARGUMENTS_MAX - ARGUMENTS_MAX % step
  for from = 1, #list, chunk do
    local got = call(command, key, unpack(list, from, math.min(from + chunk - 1, #list)))
    if type(got) == 'table' then
      for i = 1, #got do
        count = count + 1
        answers[count] = got[i]
      end
    end
  end
  return answers
end

-- ------------------------------------------------------------------------------------------------------------
-- The stock filter (port/stock_filter.hpp). Keys of a partition:
--   :state     open, identity (the run_id of the server that the counters were made on), epoch, words, complete,
--              nonce, building (ms), swept (ms)
--   :products  ref -> PRODUCT
--   :takes     "<ms>:<nonce>:<ref>" -> units taken by one batch and not settled
--   :keys      a blocked Bloom filter of used idempotency keys: `words` words of 32 bits
--   :caps:<n>  ref+buyer -> "units:sequence:returned": at that sequence the buyer had at least so many units, all of
--              them after the sequence at which some came back; what the record said lately of a product with a cap.
--              <n> counts periods of CAP_MS; the last two are read, older ones are gone

-- available, held, sequence: the record's stock as last told; inflight: taken and not settled; terms: the
-- sequence at which the rest was told, -1: not yet; starts, ends (ms); cap, 0: none; flags
local PRODUCT = '<dddddddd' .. 'B'
local PAUSED, REMOVED = 1, 2
local TAKES_MS = 60000
local SWEEP_MS = 5000
local CAP_MS = 5000
local BUILD_MS = 1000
local QUANTITY_MAX = 10

local function load_product(packed)
  local p = {available = 0, held = 0, sequence = -1, inflight = 0, terms = -1, starts = 0, ends = 0, cap = 0, flags = 0}
  if packed then
    p.available, p.held, p.sequence, p.inflight, p.terms, p.starts, p.ends, p.cap, p.flags =
      struct.unpack(PRODUCT, packed)
  end
  return p
end

local function store_product(p)
  return struct.pack(PRODUCT, p.available, p.held, p.sequence, p.inflight, p.terms, p.starts, p.ends, p.cap, p.flags)
end

-- Products by ref, loaded together and written back together.
local function load_products(base, refs)
  local products = {}
  local packed = call_many('HMGET', base .. ':products', refs, 1)
  for i = 1, #refs do products[refs[i]] = load_product(packed[i]) end
  return products
end

local function store_products(base, products)
  local list, n = {}, 0
  for ref, product in pairs(products) do
    list[n + 1], list[n + 2], n = ref, store_product(product), n + 2
  end
  call_many('HSET', base .. ':products', list, 2)
end

local function tell_stock(product, available, held, sequence)
  if sequence <= product.sequence then return end
  product.available, product.held, product.sequence = available, held, sequence
end

local function is_open(state, identity) return state.open == '1' and state.identity == identity end

local function load_state(base)
  local v = call('HMGET', base .. ':state', 'open', 'identity', 'epoch', 'words', 'complete', 'swept', 'nonce',
                 'building')
  return {open = v[1], identity = v[2], epoch = tonumber(v[3] or 0), words = tonumber(v[4] or 0),
          complete = v[5] == '1', swept = tonumber(v[6] or 0), nonce = v[7], building = tonumber(v[8] or 0)}
end

-- The words of the Bloom filter at these indexes, as a table from index to word.
local function load_words(base, indexes)
  local list, n, words = {}, 0, {}
  for i = 1, #indexes do
    list[n + 1], list[n + 2], list[n + 3], n = 'GET', 'i32', '#' .. indexes[i], n + 3
  end
  local got = call_many('BITFIELD', base .. ':keys', list, 3)
  for i = 1, #indexes do words[indexes[i]] = got[i] end
  return words
end

local function store_words(base, words)
  local list, n = {}, 0
  for index, word in pairs(words) do
    list[n + 1], list[n + 2], list[n + 3], list[n + 4], n = 'SET', 'i32', '#' .. index, word, n + 4
  end
  call_many('BITFIELD', base .. ':keys', list, 4)
end

-- packed: hash and mask of each key.
local function mark_keys(base, words_max, packed)
  if words_max == 0 then return end
  local indexes, masks, n = {}, {}, 0
  for at = 1, #packed, 8 do
    local hash, mask = struct.unpack('<I4I4', packed, at)
    n = n + 1
    indexes[n], masks[n] = hash % words_max, mask
  end
  local words = load_words(base, indexes)
  for i = 1, n do words[indexes[i]] = bit.bor(words[indexes[i]], masks[i]) end
  store_words(base, words)
end

local function caps_keys(base, ms)
  local period = math.floor(ms / CAP_MS)
  return base .. ':caps:' .. period, base .. ':caps:' .. (period - 1)
end

-- What the record said lately of these (ref+buyer).
local function load_caps(base, ms, names)
  local now, before = caps_keys(base, ms)
  local new, old = call_many('HMGET', now, names, 1), call_many('HMGET', before, names, 1)
  local known = {}
  for i = 1, #names do
    local text = new[i] or old[i]
    if text then
      local units, sequence, returned = string.match(text, '^(%d+):(%d+):(%d+)$')
      known[names[i]] = {units = tonumber(units), sequence = tonumber(sequence), returned = tonumber(returned)}
    end
  end
  return known
end

local function store_caps(base, ms, known)
  local list, n = {}, 0
  for name, cap in pairs(known) do
    list[n + 1], list[n + 2], n = name, string.format('%.0f:%.0f:%.0f', cap.units, cap.sequence, cap.returned), n + 2
  end
  if n == 0 then return end
  local now = caps_keys(base, ms)
  call_many('HSET', now, list, 2)
  call('PEXPIRE', now, 2 * CAP_MS)
end

-- Takes that nobody settled for a minute are given back: their batch is decided by now, and the record told.
local function sweep_takes(base, ms)
  call('HSET', base .. ':state', 'swept', ms)
  local takes = call('HGETALL', base .. ':takes')
  local gone, refs, units = {}, {}, {}
  for i = 1, #takes, 2 do
    local at, ref = string.match(takes[i], '^(%d+):[^:]*:(%d+)$')
    if not at or tonumber(at) < ms - TAKES_MS then
      gone[#gone + 1] = takes[i]
      if ref then
        if not units[ref] then refs[#refs + 1] = ref end
        units[ref] = (units[ref] or 0) + tonumber(takes[i + 1])
      end
    end
  end
  if #gone == 0 then return end
  local products = load_products(base, refs)
  for ref, product in pairs(products) do product.inflight = math.max(0, product.inflight - units[ref]) end
  store_products(base, products)
  call_many('HDEL', base .. ':takes', gone, 1)
end

-- One buy: t(aken), a(sk), or the refusal: n(ot found), p(aused), s(tarts later), e(nded), o(ut of stock), l(imit).
-- Then whether that is final, and the sequence at which it is so.
local function judge(product, quantity, now, known, mine)
  if product.terms < 0 then return 'a', 0, 0 end
  if bit.band(product.flags, REMOVED) ~= 0 then return 'n', 0, product.terms end
  if bit.band(product.flags, PAUSED) ~= 0 then return 'p', 0, product.terms end
  if now < product.starts then return 's', 0, product.terms end
  if now >= product.ends then return 'e', 0, product.terms end
  if product.available < quantity then return 'o', product.held == 0 and 1 or 0, product.sequence end
  -- Enough by the record, too little if all that is under way succeeds: the record knows.
  if product.available - product.inflight < quantity then return 'a', 0, 0 end
  if quantity < 1 or quantity > QUANTITY_MAX then return 'a', 0, 0 end
  if product.cap > 0 then
    if known and known.units + quantity > product.cap then return 'l', 0, known.sequence end
    if (known and known.units or 0) + mine + quantity > product.cap then return 'a', 0, 0 end
  end
  return 't', 0, 0
end

local BUY = '<I4I4I4I4' -- ref, quantity, hash and mask of the key (mask 0: none); the buyer's 16 bytes follow
local BUY_SIZE = 32

-- args: identity, now (ms, the buyers' clock), nonce, buys. {0, epoch}: closed. Otherwise
-- {1, epoch, ms of the takes, whether all used keys are known, verdicts}.
local function screen(keys, args)
  local base, now, nonce, buys = keys[1], tonumber(args[2]), args[3], args[4]
  local state = load_state(base)
  if not is_open(state, args[1]) then return {0, state.epoch} end
  local ms = server_ms()
  if ms > state.swept + SWEEP_MS or ms < state.swept - SWEEP_MS then sweep_takes(base, ms) end

  local count = #buys / BUY_SIZE
  local refs, seen, quantities, indexes, masks, asked = {}, {}, {}, {}, {}, {}
  local of = {} -- the ref of each buy, as the text that is its field
  for i = 1, count do
    local ref, quantity, hash, mask = struct.unpack(BUY, buys, (i - 1) * BUY_SIZE + 1)
    local text = seen[ref]
    if not text then
      text = string.format('%.0f', ref)
      seen[ref] = text
      refs[#refs + 1] = text
    end
    of[i], quantities[i] = text, quantity
    if mask ~= 0 then
      indexes[i], masks[i] = hash % state.words, bit.tobit(mask)
      asked[#asked + 1] = indexes[i]
    end
  end
  local products = load_products(base, refs)
  local words = load_words(base, asked)

  local names, capped = {}, {} -- buyers of products with a cap
  for i = 1, count do
    if products[of[i]].cap > 0 then
      local at = (i - 1) * BUY_SIZE
      capped[i] = string.sub(buys, at + 1, at + 4) .. string.sub(buys, at + 17, at + 32)
      names[#names + 1] = capped[i]
    end
  end
  local known = #names > 0 and load_caps(base, ms, names) or {}

  local verdicts, taken, mine, marked = {}, {}, {}, {}
  for i = 1, count do
    local ref, quantity, mask = of[i], quantities[i], masks[i]
    local product, name = products[ref], capped[i]
    local verdict, final, sequence = 'a', 0, 0
    local word = mask and words[indexes[i]]
    if not mask or bit.band(word, mask) ~= mask then -- no key, or surely a new one
      verdict, final, sequence = judge(product, quantity, now, name and known[name], name and mine[name] or 0)
      if mask and not state.complete and verdict ~= 't' then verdict, final, sequence = 'a', 0, 0 end
    end
    if verdict == 't' then
      product.inflight = product.inflight + quantity
      taken[ref] = (taken[ref] or 0) + quantity
      if name then mine[name] = (mine[name] or 0) + quantity end
    end
    if mask and (verdict == 't' or verdict == 'a') and bit.band(word, mask) ~= mask then
      words[indexes[i]] = bit.bor(word, mask)
      marked[indexes[i]] = words[indexes[i]]
    end
    verdicts[i] = struct.pack('<c1Bd', verdict, final, sequence)
  end

  local changed = {}
  for ref, units in pairs(taken) do
    changed[ref] = products[ref]
    call('HINCRBY', base .. ':takes', string.format('%.0f:%s:%s', ms, nonce, ref), units)
  end
  store_products(base, changed)
  store_words(base, marked)
  return {1, state.epoch, ms, state.complete and 1 or 0, table.concat(verdicts)}
end

-- Parts of a settlement, each a packed list; all but the takes are facts of the record and hold in any epoch.
local STOCK, STOCK_SIZE = '<I4ddd', 28       -- ref, available, held, sequence
local TAKE, TAKE_SIZE = '<I4I4d', 16         -- ref, units, ms
local ALLOWANCE, ALLOWANCE_SIZE = '<I4I4d', 32 -- ref, quantity, sequence; the buyer's 16 bytes follow

local function each(packed, size, visit)
  for at = 1, #packed, size do visit(at) end
end

-- What became of buyers' allowances, by their sequences, whatever the order in which it is told.
-- returned: units came back. accepted: so many more. limited: the cap has no room for so many.
local function tell_caps(base, ms, products, returned, accepted, limited)
  local names, facts = {}, {}
  local function gather(packed, kind)
    each(packed, ALLOWANCE_SIZE, function(at)
      local ref, quantity, sequence = struct.unpack(ALLOWANCE, packed, at)
      local product = products[string.format('%.0f', ref)]
      if product.cap > 0 then
        names[#names + 1] = string.sub(packed, at, at + 3) .. string.sub(packed, at + 16, at + 31)
        facts[#facts + 1] = {kind = kind, quantity = quantity, sequence = sequence, cap = product.cap}
      end
    end)
  end
  gather(returned, 'returned')
  gather(accepted, 'accepted')
  gather(limited, 'limited')
  if #names == 0 then return end
  local known = load_caps(base, ms, names)
  for i = 1, #names do
    local cap, fact = known[names[i]] or {units = 0, sequence = 0, returned = 0}, facts[i]
    if fact.sequence > cap.returned then
      if fact.kind == 'returned' then
        cap.units, cap.returned = 0, fact.sequence
      elseif fact.kind == 'accepted' then
        cap.units = cap.units + fact.quantity
      else
        cap.units = math.max(cap.units, fact.cap - fact.quantity + 1)
      end
      cap.sequence = math.max(cap.sequence, fact.sequence)
    end
    known[names[i]] = cap
  end
  store_caps(base, ms, known)
end

-- args: identity, epoch, nonce, stocks, takes, returned, accepted, limited, keys, doubt (1: keys of some orders were
-- lost, so that not all used keys are known any more). {open, epoch}
local function settle(keys, args)
  local base, epoch, nonce, stocks, takes, used = keys[1], tonumber(args[2]), args[3], args[4], args[5], args[9]
  local state, ms = load_state(base), server_ms()
  local open = is_open(state, args[1])

  local refs, seen = {}, {}
  local function name(packed, size)
    each(packed, size, function(at)
      local ref = string.format('%.0f', (struct.unpack('<I4', packed, at)))
      if not seen[ref] then
        seen[ref] = true
        refs[#refs + 1] = ref
      end
    end)
  end
  name(stocks, STOCK_SIZE)
  name(takes, TAKE_SIZE)
  for i = 6, 8 do name(args[i], ALLOWANCE_SIZE) end
  local products = load_products(base, refs)

  each(stocks, STOCK_SIZE, function(at)
    local ref, available, held, sequence = struct.unpack(STOCK, stocks, at)
    tell_stock(products[string.format('%.0f', ref)], available, held, sequence)
  end)
  if open and epoch == state.epoch then
    each(takes, TAKE_SIZE, function(at)
      local ref, units, taken_ms = struct.unpack(TAKE, takes, at)
      local product = products[string.format('%.0f', ref)]
      local field = string.format('%.0f:%s:%.0f', taken_ms, nonce, ref)
      local left = tonumber(call('HGET', base .. ':takes', field) or 0)
      local back = math.min(left, units)
      product.inflight = math.max(0, product.inflight - back)
      if left <= units then
        call('HDEL', base .. ':takes', field)
      else
        call('HINCRBY', base .. ':takes', field, -back)
      end
    end)
  end
  store_products(base, products)
  tell_caps(base, ms, products, args[6], args[7], args[8])
  if #used > 0 then mark_keys(base, state.words, used) end
  if args[10] == '1' then call('HSET', base .. ':state', 'complete', 0) end
  return {open and 1 or 0, state.epoch}
end

local RECORD = '<I4ddddddB' -- ref, available, held, sequence, starts, ends, cap, flags
local RECORD_SIZE = 53

-- Products as the record has them. Whatever is known of a newer sequence stays.
local function tell_products(base, packed, forget_takes)
  local refs = {}
  each(packed, RECORD_SIZE, function(at)
    refs[#refs + 1] = string.format('%.0f', (struct.unpack('<I4', packed, at)))
  end)
  local products = load_products(base, refs)
  each(packed, RECORD_SIZE, function(at)
    local ref, available, held, sequence, starts, ends, cap, flags = struct.unpack(RECORD, packed, at)
    local product = products[string.format('%.0f', ref)]
    tell_stock(product, available, held, sequence)
    if sequence >= product.terms then
      product.terms, product.starts, product.ends, product.cap, product.flags = sequence, starts, ends, cap, flags
    end
    if forget_takes then product.inflight = 0 end
  end)
  store_products(base, products)
end

-- args: identity, nonce, first (0, 1), last (0, 1), words, complete (0, 1), products. The new epoch with the last
-- part; 1 with the others; 0: it is open already, or another one is at it.
local function rebuild(keys, args)
  local base, identity, nonce, ms = keys[1], args[1], args[2], server_ms()
  local state = load_state(base)
  if is_open(state, identity) then return 0 end
  if args[3] == '1' then
    local other = state.nonce and state.nonce ~= nonce
    if other and ms < state.building + BUILD_MS and ms >= state.building then return 0 end
    call('DEL', base .. ':takes')
    call('HSET', base .. ':state', 'open', 0, 'nonce', nonce)
    state.nonce = nonce
  end
  if state.nonce ~= nonce then return 0 end
  call('HSET', base .. ':state', 'building', ms)
  tell_products(base, args[7], true)
  if args[4] ~= '1' then return 1 end
  if tonumber(args[5]) ~= state.words then call('DEL', base .. ':keys') end
  -- Also greater than one that is forgotten: two rebuilds never fall into one microsecond.
  local epoch = math.max(state.epoch + 1, server_us())
  call('HSET', base .. ':state', 'open', 1, 'identity', identity, 'epoch', string.format('%.0f', epoch),
       'words', args[5], 'complete', args[6], 'swept', 0)
  call('HDEL', base .. ':state', 'nonce', 'building')
  return epoch
end

-- args: identity, products
local function publish(keys, args)
  tell_products(keys[1], args[2], false)
  return 1
end

-- args: identity, epoch, keys (hash and mask each), last (0, 1). 0: that epoch is over.
local function remember(keys, args)
  local base = keys[1]
  local state = load_state(base)
  if not is_open(state, args[1]) or state.epoch ~= tonumber(args[2]) then return 0 end
  mark_keys(base, state.words, args[3])
  if args[4] == '1' then call('HSET', base .. ':state', 'complete', 1) end
  return 1
end

-- ------------------------------------------------------------------------------------------------------------
-- Rate limits (port/shared_limits.hpp): GCRA as in admission/gcra.hpp. One key a bucket, base:<policy>:<key>; its
-- value is the theoretical arrival time as seconds and nanoseconds, because a double holds no 64 bits; it expires
-- when the bucket is full.

local LIMIT = '<BdddB' -- policy, period (ns), burst, tokens, force; the key's 16 bytes follow
local LIMIT_SIZE = 42
local SECOND = 1000000000
-- Tokens that other gateways gave away at the same moment are owed, at most this many buckets of them.
local DEBT_BUCKETS = 8

-- args: now as seconds, nanoseconds (empty: the server's), items. For each whether it is allowed (a forced one always
-- is) and how many nanoseconds ahead of now the arrival time lies.
local function limit(keys, args)
  local base, items = keys[1], args[3]
  local seconds, nanos = tonumber(args[1]), tonumber(args[2])
  if not seconds then
    local time = call('TIME')
    seconds, nanos = tonumber(time[1]), tonumber(time[2]) * 1000
  end
  local names, ahead_of = {}, {}
  for at = 1, #items, LIMIT_SIZE do
    names[#names + 1] = base .. ':' .. string.byte(items, at) .. ':' .. string.sub(items, at + 26, at + 41)
  end
  local stored = {}
  for from = 1, #names, ARGUMENTS_MAX do
    local got = call('MGET', unpack(names, from, math.min(from + ARGUMENTS_MAX - 1, #names)))
    for i = 1, #got do stored[from + i - 1] = got[i] end
  end
  local answers, n = {}, 0
  for at = 1, #items, LIMIT_SIZE do
    n = n + 1
    local _, period, burst, tokens, force = struct.unpack(LIMIT, items, at)
    local name, depth, step = names[n], period * burst, period * tokens
    local ahead = ahead_of[name]
    if not ahead then
      ahead = 0
      if stored[n] then
        local s, ns = struct.unpack('<dd', stored[n])
        ahead = math.min(math.max(0, (s - seconds) * SECOND + (ns - nanos)), depth * DEBT_BUCKETS)
      end
    end
    local allowed = depth - ahead >= step
    if allowed or force == 1 then
      ahead = math.min(ahead + step, depth * DEBT_BUCKETS)
      local full = nanos + ahead
      local value = struct.pack('<dd', seconds + math.floor(full / SECOND), full % SECOND)
      call('SET', name, value, 'PX', math.floor(ahead / 1000000) + 1000)
    end
    ahead_of[name] = ahead
    answers[n] = struct.pack('<Bd', (allowed or force == 1) and 1 or 0, ahead)
  end
  return table.concat(answers)
end

-- ------------------------------------------------------------------------------------------------------------
-- The order queue (port/order_queue.hpp). Keys of a partition, for the lanes `sale` and `paper`:
--   :<lane>        stream of orders to do, read by the group `workers`; its field `o` is a packed order, the first 16
--                  bytes of which are the order's id
--   :<lane>:later  the same packed orders by the time (ms) at which they are due
--   :queued        ids of all orders in any of these
--   :paused        exists while nothing is to be leased
-- An entry that was delivered for the n-th time is leased under the fence n above the one packed in it.

local GROUP = 'workers'
local PROMOTE_MAX = 1000
local PENDING_MAX = 200000
local TRACE_MAX = 2000

local function add(stream, packed) call('XADD', stream, '*', 'o', packed) end

-- args: lane, size of a packed order, orders. How many were new.
local function enqueue(keys, args)
  local base, stream, size, orders, added = keys[1], keys[1] .. ':' .. args[1], tonumber(args[2]), args[3], 0
  for at = 1, #orders, size do
    if call('SADD', base .. ':queued', string.sub(orders, at, at + 15)) == 1 then
      add(stream, string.sub(orders, at, at + size - 1))
      added = added + 1
    end
  end
  return added
end

-- nil: nobody has read the stream yet.
local function if_group(...)
  local got = redis.pcall(...)
  if type(got) ~= 'table' or not got.err then return got end
  if not string.find(got.err, 'NOGROUP', 1, true) then error(got.err) end
  return nil
end

local function with_group(stream, ...)
  local got = if_group(...)
  if got ~= nil then return got end
  call('XGROUP', 'CREATE', stream, GROUP, '0', 'MKSTREAM')
  return call(...)
end

-- Puts delayed orders that are due into the stream.
local function promote(stream, ms)
  local due = call('ZRANGEBYSCORE', stream .. ':later', '-inf', ms, 'LIMIT', 0, PROMOTE_MAX)
  for i = 1, #due do add(stream, due[i]) end
  call_many('ZREM', stream .. ':later', due, 1)
end

-- {id, deliveries, packed order} of each, those of silent workers first.
local function lease_from(stream, consumer, count, ttl)
  local leased = {}
  if ttl ~= '0' then
    local claimed = with_group(stream, 'XAUTOCLAIM', stream, GROUP, consumer, ttl, '0-0', 'COUNT', count)[2]
    for i = 1, #claimed do
      local id = claimed[i][1]
      local pending = call('XPENDING', stream, GROUP, id, id, 1)
      leased[#leased + 1] = {id, pending[1] and pending[1][4] or 2, claimed[i][2][2]}
    end
  end
  if #leased < count then
    local got = with_group(stream, 'XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count - #leased, 'STREAMS', stream,
                           '>')
    local fresh = got and got[1] and got[1][2] or {}
    for i = 1, #fresh do leased[#leased + 1] = {fresh[i][1], 1, fresh[i][2][2]} end
  end
  return leased
end

-- args: consumer, how many of `sale`, how many of `paper`, time after which a silent worker's order is taken (ms; 0:
-- none is). What is leased from each.
local function lease(keys, args)
  local base, consumer, ttl = keys[1], args[1], args[4]
  if call('EXISTS', base .. ':paused') == 1 then return {{}, {}} end
  local ms, answer = server_ms(), {}
  for i, lane in ipairs({'sale', 'paper'}) do
    local stream, count = base .. ':' .. lane, tonumber(args[1 + i])
    promote(stream, ms)
    answer[i] = count > 0 and lease_from(stream, consumer, count, ttl) or {}
  end
  return answer
end

-- args: consumer, lane, ids separated by blanks. Those that are not this consumer's any more.
local function renew(keys, args)
  local stream, consumer = keys[1] .. ':' .. args[2], args[1]
  local pending = if_group('XPENDING', stream, GROUP, '-', '+', PENDING_MAX, consumer) or {}
  local owned, mine, lost = {}, {}, {}
  for i = 1, #pending do owned[pending[i][1]] = true end
  for id in string.gmatch(args[3], '%S+') do
    if owned[id] then mine[#mine + 1] = id else lost[#lost + 1] = id end
  end
  for from = 1, #mine, ARGUMENTS_MAX do
    local list = {unpack(mine, from, math.min(from + ARGUMENTS_MAX - 1, #mine))}
    list[#list + 1] = 'JUSTID'
    call('XCLAIM', stream, GROUP, consumer, 0, unpack(list))
  end
  return lost
end

-- Whether the entry was still there.
local function take_out(stream, id)
  call('XACK', stream, GROUP, id)
  return call('XDEL', stream, id) == 1
end

-- args: lane, entries separated by blanks, the id of each one's order (16 bytes), size of a packed order, orders among
-- these that go on in the lane `paper`. An order of which somebody else has an entry stays his.
local function finish(keys, args)
  local base, stream, orders, size, papers = keys[1], keys[1] .. ':' .. args[1], args[3], tonumber(args[4]), {}
  each(args[5], size, function(at) papers[string.sub(args[5], at, at + 15)] = string.sub(args[5], at, at + size - 1) end)
  local at = 1
  for id in string.gmatch(args[2], '%S+') do
    local order = string.sub(orders, at, at + 15)
    local mine, paper = take_out(stream, id), papers[order]
    if paper and (call('SADD', base .. ':queued', order) == 1 or mine) then
      add(base .. ':paper', paper)
    elseif mine and not paper then
      call('SREM', base .. ':queued', order)
    end
    at = at + 16
  end
  return 1
end

-- args: consumer, lane, id, delay (ms), packed order. 0: it was not this consumer's any more.
local function put_back(keys, args)
  local stream = keys[1] .. ':' .. args[2]
  local pending = if_group('XPENDING', stream, GROUP, args[3], args[3], 1, args[1]) or {}
  if #pending == 0 then return 0 end
  take_out(stream, args[3])
  if tonumber(args[4]) > 0 then
    call('ZADD', stream .. ':later', server_ms() + tonumber(args[4]), args[5])
  else
    add(stream, args[5])
  end
  return 1
end

-- args: lane. {entries, delayed, leased, ms of the oldest entry or -1, paused}
local function look(keys, args)
  local stream = keys[1] .. ':' .. args[1]
  local pending = if_group('XPENDING', stream, GROUP) or {0}
  local first = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  return {call('XLEN', stream), call('ZCARD', stream .. ':later'), pending[1],
          first and tonumber(string.match(first[1], '^%d+')) or -1, call('EXISTS', keys[1] .. ':paused')}
end

-- args: lane, an order's id (16 bytes), the entry to begin behind or ''. {waiting, packed}, {leased, packed, consumer} or
-- {delayed, packed, ms at which it is due}; {''}: it is not here; {'', entry}: not among TRACE_MAX entries up to that one.
local function trace(keys, args)
  local stream, order = keys[1] .. ':' .. args[1], args[2]
  if args[3] == '' then
    local later = call('ZRANGEBYSCORE', stream .. ':later', '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, PENDING_MAX)
    for i = 1, #later, 2 do
      if string.sub(later[i], 1, 16) == order then return {'delayed', later[i], later[i + 1]} end
    end
  end
  local entries = call('XRANGE', stream, args[3] == '' and '-' or '(' .. args[3], '+', 'COUNT', TRACE_MAX)
  for i = 1, #entries do
    local packed = entries[i][2][2]
    if string.sub(packed, 1, 16) == order then
      local pending = if_group('XPENDING', stream, GROUP, entries[i][1], entries[i][1], 1) or {}
      if #pending == 0 then return {'waiting', packed} end
      return {'leased', packed, pending[1][2]}
    end
  end
  return #entries == TRACE_MAX and {'', entries[#entries][1]} or {''}
end

-- args: 1 or 0
local function pause(keys, args)
  if args[1] == '1' then return call('SET', keys[1] .. ':paused', 1) end
  return call('DEL', keys[1] .. ':paused')
end

-- ------------------------------------------------------------------------------------------------------------
-- Processes of one kind, and what the console wishes of them (port/process_registry.hpp). Keys: :views, :seen,
-- :wishes.

-- args: name, view, how long it is remembered (ms). The wish, or nil.
local function process_beat(keys, args)
  local base, ms = keys[1], server_ms()
  call('HSET', base .. ':views', args[1], args[2])
  call('ZADD', base .. ':seen', ms + tonumber(args[3]), args[1])
  local gone = call('ZRANGEBYSCORE', base .. ':seen', '-inf', ms)
  call_many('ZREM', base .. ':seen', gone, 1)
  call_many('HDEL', base .. ':views', gone, 1)
  call_many('HDEL', base .. ':wishes', gone, 1)
  return call('HGET', base .. ':wishes', args[1])
end

-- {name, view, ...} of those that were heard of in time
local function processes(keys)
  local names = call('ZRANGEBYSCORE', keys[1] .. ':seen', server_ms(), '+inf')
  local views, list = call_many('HMGET', keys[1] .. ':views', names, 1), {}
  for i = 1, #names do
    list[#list + 1] = names[i]
    list[#list + 1] = views[i] or ''
  end
  return list
end

-- args: name, wish. 0: there is no such worker.
local function wish(keys, args)
  if not call('ZSCORE', keys[1] .. ':seen', args[1]) then return 0 end
  call('HSET', keys[1] .. ':wishes', args[1], args[2])
  return 1
end

-- Removes what a rehearsal before the sale left under its own base.
local function clear_check(keys)
  local base = keys[1]
  if not string.find(base, '{check}', 1, true) then error('only for a rehearsal') end
  for _, part in ipairs({':state', ':products', ':takes', ':keys', ':sale', ':sale:later', ':paper', ':paper:later',
                         ':queued', ':paused', ':views', ':seen', ':wishes'}) do
    call('DEL', base .. part)
  end
  call('DEL', caps_keys(base, server_ms()))
  return 1
end

-- ------------------------------------------------------------------------------------------------------------
-- What may run although the memory is full: whatever tells a truth, ends something or only reads. What would start
-- something is refused.

local function offer(name, callback, flags)
  redis.register_function{function_name = VERSION .. name, callback = callback, flags = flags or {}}
end
local ALWAYS, READS = {'allow-oom'}, {'no-writes'}

offer('hello', function() return DIGEST end, READS)
offer('screen', screen)
offer('settle', settle, ALWAYS)
offer('rebuild', rebuild, ALWAYS)
offer('publish', publish, ALWAYS)
offer('remember', remember)
offer('limit', limit)
offer('enqueue', enqueue)
offer('lease', lease)
offer('renew', renew, ALWAYS)
offer('finish', finish, ALWAYS)
offer('put_back', put_back, ALWAYS)
offer('look', look, READS)
offer('trace', trace, READS)
offer('pause', pause, ALWAYS)
offer('process_beat', process_beat, ALWAYS)
offer('processes', processes, READS)
offer('wish', wish, ALWAYS)
offer('clear_check', clear_check, ALWAYS)
