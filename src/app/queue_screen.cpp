#include "app/queue_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

using boost::json::object;

constexpr std::size_t kNarrow = 40;
constexpr std::size_t kBar = 10;

std::string times(std::size_t count, std::string_view what) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += what;
  return out;
}

/// "████████░░"
std::string bar(double part, double whole, std::size_t columns) {
  const double share = whole <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0);
  auto full = static_cast<std::size_t>(share * static_cast<double>(columns) + 0.5);
  if (part > 0) full = std::max<std::size_t>(full, 1);
  return times(full, "█") + times(columns - full, "░");
}

Line cut_line(Line line, std::size_t columns) {
  std::size_t used = 0;
  for (Span& span : line) {
    span.text = cut(span.text, columns - std::min(columns, used));
    used += width_of(span.text);
  }
  return line;
}

double confirm_rate(const object& overview) {
  for (const auto& stage : list_in(overview, "stages"))
    if (stage.is_object() && text_in(stage.get_object(), "stage") == "confirm")
      return number_in(stage.get_object(), "per_second");
  return 0;
}

Line title(const QueueScreen& screen, std::size_t columns) {
  const std::string state = screen.fault.empty() ? state_of_queue(screen.overview) : "no answer";
  const std::string left = " ScaleMart queue  " + screen.address;
  const std::string time = to_rfc3339(screen.seen).substr(11, 8) + " UTC ";
  const std::string right = state + "  " + time;
  const std::size_t room = columns > width_of(right) ? columns - width_of(right) : 0;
  return {{Style::bar, padded(left, room) + right}};
}

void add_summary(std::vector<Line>& lines, const QueueScreen& screen) {
  const bool is_away = is_set(screen.overview, "away");
  const bool is_paused = is_set(screen.overview, "paused");
  Line line{{is_paused || is_away ? Style::warn : Style::bold, " " + queue_in_a_line(screen.overview)}};
  if (is_paused) line.push_back({Style::warn, "; paused"});
  lines.push_back(std::move(line));
  if (is_away) lines.push_back({{Style::bad, " The queue cannot be reached: this was seen last."}});
  if (!screen.fault.empty()) lines.push_back({{Style::bad, " " + screen.fault}});
}

void add_courses(std::vector<Line>& lines, const QueueScreen& screen, std::size_t columns) {
  const std::size_t room = std::min<std::size_t>(columns > kNarrow ? columns - 38 : 4, 120);
  const auto add = [&](std::string_view name, const Course& course, const std::string& now, Style style) {
    lines.push_back({{Style::dim, " " + padded(name, 13)},
                     {style, course.spark(room)},
                     {Style::bold, " " + padded(now, 8, true)},
                     {Style::dim, "  most " + grouped(course.most(room))}});
  };
  add("confirmed/s", screen.confirmed, fmt::format("{:.1f}", confirm_rate(screen.overview)), Style::good);
  add("in the queue", screen.depth, grouped(number_in(screen.overview, "depth")), Style::accent);
}

void add_table(std::vector<Line>& lines, const TextTable& table, std::size_t rows_max, Style style = Style::plain) {
  const std::vector<std::string> texts = table.lines();
  for (std::size_t i = 0; i < std::min(texts.size(), rows_max + 1); ++i)
    lines.push_back({{i == 0 ? Style::dim : style, " " + texts[i]}});
  if (texts.size() > rows_max + 1)
    lines.push_back({{Style::dim, " … and " + grouped(static_cast<double>(texts.size() - rows_max - 1)) + " more"}});
}

void add_workers(std::vector<Line>& lines, const object& overview, std::size_t rows_max) {
  const auto& workers = list_in(overview, "workers");
  if (workers.empty()) return lines.push_back({{Style::warn, " No workers: orders wait until one comes."}});
  const std::vector<std::string> texts = workers_table(overview).lines();
  lines.push_back({{Style::dim, " " + padded("LOAD", kBar + 2) + texts[0]}});
  for (std::size_t i = 0; i < std::min(workers.size(), rows_max); ++i) {
    const object& worker = workers[i].as_object();
    const std::string state = state_of_worker(worker, is_set(overview, "paused"));
    const bool is_ill = state.ends_with("failing") || state.ends_with("trial");
    lines.push_back({{Style::accent, " " + bar(number_in(worker, "in_flight"), number_in(worker, "concurrency"), kBar)},
                     {is_ill ? Style::warn : Style::plain, "  " + texts[i + 1]}});
  }
  if (workers.size() > rows_max)
    lines.push_back({{Style::dim, " … and " + grouped(static_cast<double>(workers.size() - rows_max)) + " more"}});
}

Line keys(const QueueScreen& screen) {
  if (!screen.notice.empty()) return {{Style::bold, " " + screen.notice}};
  const bool is_paused = is_set(screen.overview, "paused");
  return {{Style::bold, " q"}, {Style::dim, " quit   "},
          {Style::bold, "p"},  {Style::dim, is_paused ? " resume   " : " pause   "},
          {Style::bold, "r"},  {Style::dim, " retry the dead letters"}};
}

}  // namespace

std::string Course::spark(std::size_t columns) const {
  static constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double highest = most(columns);
  const std::size_t shown = std::min(columns, values_.size());
  std::string out = times(columns - shown, " ");
  for (std::size_t i = values_.size() - shown; i < values_.size(); ++i) {
    if (!values_[i]) {
      out += "·";
      continue;
    }
    const double share = highest <= 0 ? 0 : *values_[i] / highest;
    out += kBlocks[static_cast<std::size_t>(std::clamp(share * 7 + 0.5, 0.0, 7.0))];
  }
  return out;
}

double Course::most(std::size_t columns) const {
  double highest = 0;
  for (std::size_t i = values_.size() - std::min(columns, values_.size()); i < values_.size(); ++i)
    highest = std::max(highest, values_[i].value_or(0));
  return highest;
}

std::vector<Line> compose(const QueueScreen& screen, const TerminalSize& size) {
  std::vector<Line> lines{title(screen, size.columns)};
  const bool is_roomy = size.rows >= 20;
  const auto gap = [&] {
    if (is_roomy) lines.emplace_back();
  };
  gap();
  add_summary(lines, screen);
  gap();
  add_courses(lines, screen, size.columns);
  gap();
  add_table(lines, stages_table(screen.overview), 4);
  gap();
  const std::size_t left = size.rows > lines.size() + 1 ? size.rows - lines.size() - 1 : 0;
  add_workers(lines, screen.overview, std::max<std::size_t>(left / 2, 3) - 2);
  gap();
  const double dead = number_in(screen.overview, "dead_letters");
  lines.push_back({{dead > 0 ? Style::bad : Style::dim, " Dead letters: " + grouped(dead)},
                   {Style::dim, dead > 0 ? ", each waits for a person" : ""}});
  const std::size_t rest = size.rows > lines.size() + 3 ? size.rows - lines.size() - 3 : 0;
  if (dead > 0 && rest > 0) add_table(lines, letters_table(list_in(screen.letters, "letters")), rest);
  lines.resize(size.rows > 0 ? size.rows - 1 : 0);
  lines.push_back(keys(screen));
  for (Line& line : lines) line = cut_line(std::move(line), size.columns);
  return lines;
}

std::string in_a_line(const QueueScreen& screen) {
  const std::string time = to_rfc3339(screen.seen).substr(11, 8);
  if (!screen.fault.empty()) return time + " no answer: " + screen.fault;
  double in_hand = 0;
  for (const auto& worker : list_in(screen.overview, "workers"))
    if (worker.is_object()) in_hand += number_in(worker.get_object(), "in_flight");
  return fmt::format("{} {}: {}; {:.1f} confirmed a second; workers {}, in hand {}; dead letters {}", time,
                     state_of_queue(screen.overview), queue_in_a_line(screen.overview), confirm_rate(screen.overview),
                     list_in(screen.overview, "workers").size(), grouped(in_hand),
                     grouped(number_in(screen.overview, "dead_letters")));
}

}  // namespace scalemart
