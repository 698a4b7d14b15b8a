#pragma once
// What a worker in a process of its own and the holder of the order queue say to each other.
//
//   frame   = size:u32 content            size = bytes of content, 1..kFrameMax
//   content = kind:u8 fields              kind = place in frame::Message; fields as in domain/wire.hpp
//
// The worker says: hello, then wants, completions, releases, heartbeats and reports as they come, leave at its end.
// The holder says: welcome or refused, then products (before the first order of each), orders, answers, lapsed, steer.
// A mail's address is asked for and told beside all that. Every message is a batch where there may be many.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/wire.hpp"
#include "fulfilment/queue_view.hpp"
#include "fulfilment/remote/frame_reader.hpp"
#include "fulfilment/worker_office.hpp"
#include "port/mailer.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

/// The name of this language. Whoever changes a frame changes the number.
inline constexpr std::string_view kWorkerProtocol = "scalemart-worker/3";
/// Items of one frame at most, so that the largest ones fit.
inline constexpr std::size_t kFrameItems = 2048;

/// 1 to 64 of A-Z a-z 0-9 . _ -
[[nodiscard]] bool is_worker_name(std::string_view text);

namespace frame {

// --- the worker's
struct Hello {
  std::string name;
  std::string host;
  std::uint32_t pid = 0;
  std::string version;  ///< Of the program.
  std::string payment;  ///< PaymentProvider::name(): both sides must speak to the same one.
};
/// How many orders of each lane the worker takes, counted from its welcome on: the holder gives while it has given
/// fewer. Said again it means the same, and it may be taken back.
struct Want {
  std::array<std::uint64_t, kLaneCount> up_to{};
  bool operator==(const Want&) const = default;
};
struct Completions {
  struct Item {
    std::uint64_t request = 0;  ///< Comes back in Answers.
    Completion completion;
  };
  std::vector<Item> items;
};
struct Releases {
  struct Item {
    OrderId order;
    std::uint32_t fence = 0;
    std::uint16_t attempts = 0;
    bool unresolved = false;
    std::chrono::nanoseconds delay{};
  };
  std::vector<Item> items;
};
struct Heartbeat {};
struct Report {
  std::uint32_t steered = 0;        ///< The last Steer that was obeyed.
  WorkerView view;                  ///< Its id and place are the holder's to know.
  std::vector<FinishedStep> steps;  ///< Those that ended since the last one, oldest first; kReportSteps at most.
};
struct Leave {};
struct AskContact {
  std::uint64_t request = 0;
  UserId buyer;
};

// --- the holder's
struct Welcome {
  std::string id;  ///< What the worker is called here.
  std::chrono::milliseconds lease_ttl{};
};
/// Not before somebody changes something.
struct Refused {
  std::string reason;
};
struct Product {
  ProductRef ref{};
  std::shared_ptr<const ProductSpec> spec;
};
struct Orders {
  struct Item {
    OpenOrder order;
    std::optional<TraceContext> caller = {};  ///< As Task has it.
  };
  std::vector<Item> items;
};
struct Answers {
  struct Item {
    std::uint64_t request = 0;
    Outcome outcome = Outcome::done;
  };
  std::vector<Item> items;
};
/// Every lease of before is somebody else's.
struct Lapsed {};
struct Steer {
  std::uint32_t number = 0;
  Concurrency concurrency;
};
struct ContactAnswer {
  enum class Kind : std::uint8_t { found, none, unavailable };
  std::uint64_t request = 0;
  Kind kind = Kind::unavailable;
  Contact contact;
};

using Message = std::variant<Hello, Want, Completions, Releases, Heartbeat, Report, Leave, AskContact, Welcome, Refused,
                             Product, Orders, Answers, Lapsed, Steer, ContactAnswer>;

/// A whole frame. Texts that are too long are cut.
[[nodiscard]] Bytes encode(const Message& message);
/// The content of one frame, from anybody: an error says what is wrong with it.
[[nodiscard]] Result<Message> decode(std::span<const std::byte> content);

}  // namespace frame
}  // namespace scalemart
