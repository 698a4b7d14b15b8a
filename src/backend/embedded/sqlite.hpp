#pragma once
// SQLite, as much of it as we use: connections and statements that close themselves, errors as values.
// Source: https://sqlite.org/c3ref/intro.html

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace scalemart::sqlite {

/// Refuses a library that is too old for our schema, or compiled without what we rely on.
[[nodiscard]] Result<void> check_library();

/// A prepared statement. Concurrency: as its connection. Parameters count from 1, columns from 0.
/// Text and blobs are bound by reference: they live until reset().
class Statement {
 public:
  enum class Step : std::uint8_t { row, done, failed };

  Statement() = default;
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  Statement& bind(int index, std::int64_t value) noexcept;
  Statement& bind(int index, std::string_view text) noexcept;
  Statement& bind(int index, std::span<const std::byte> blob) noexcept;
  Statement& bind_null(int index) noexcept;

  [[nodiscard]] Step step() noexcept;
  /// Makes it ready for the next use. The error of the last step, if any, is the connection's.
  void reset() noexcept;
  /// Steps once and resets: for statements without rows.
  [[nodiscard]] bool run() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] std::span<const std::byte> blob(int column) const noexcept;
  [[nodiscard]] bool is_null(int column) const noexcept;

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A connection to one database file. Concurrency: one thread at a time (opened without SQLite's mutex).
/// Statements are destroyed before it.
class Connection {
 public:
  [[nodiscard]] static Result<Connection> open(const std::filesystem::path& file);
  /// For looking at a file that no process has open: changes no byte of it and leaves nothing beside it, also
  /// where a WAL is left that has to be read with it. The file is there, or it is an error.
  [[nodiscard]] static Result<Connection> open_to_look(const std::filesystem::path& file);

  /// One or more statements whose rows do not matter.
  [[nodiscard]] bool execute(const char* sql) noexcept;
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row, as text.
  [[nodiscard]] Result<std::string> ask(const char* sql);

  /// The extended code of the last failure, and its words with the file's name.
  [[nodiscard]] int code() const noexcept;
  [[nodiscard]] Error failure(std::string_view doing) const;
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] sqlite3* raw() const noexcept { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept;
  };
  [[nodiscard]] static Result<Connection> open_as(const std::filesystem::path& file, const char* name, int flags);

  std::unique_ptr<sqlite3, Close> db_;
  std::string file_;
};

}  // namespace scalemart::sqlite
