#pragma once
// Records beside the commands they come from, for the reference model, which knows commands only.

#include "domain/command.hpp"
#include "domain/record.hpp"
#include "tests/sim/model/reference_model.hpp"

namespace scalemart::sim {

/// Is this what the command, carried out, must have written?
[[nodiscard]] bool explains(const Command& command, const Record& record);

/// A command that the model, in the state before the record, must answer with `done` and one record.
[[nodiscard]] Command command_of(const Record& record, const ReferenceModel::Order* order);

/// Which order it is about; empty for the records of products.
[[nodiscard]] OrderId order_of(const Record& record);

/// One line for who reads a violation.
[[nodiscard]] std::string describe(const Command& command);
[[nodiscard]] std::string describe(const Record& record);
[[nodiscard]] std::string describe(const Answer& answer);

[[nodiscard]] bool same(const Answer& a, const Answer& b);

}  // namespace scalemart::sim
