#pragma once
// One end of a connection that carries frames, as its user sees it.

#include "domain/wire.hpp"

namespace scalemart {

/// Concurrency: from any thread; never blocks. What is sent after the end is dropped: the user hears of the end by
/// whoever gave it the link.
class FrameLink {
 public:
  virtual ~FrameLink() = default;
  virtual void send(Bytes frame) = 0;
  /// Ends the connection when what was sent has left, or soon after.
  virtual void close() = 0;
};

}  // namespace scalemart
