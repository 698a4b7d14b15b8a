// Connections and the pool: values go there and back, failures are what they say.
#include <gtest/gtest.h>

#include <thread>

#include "backend/postgresql/pool.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart::pg {
namespace {

using namespace std::chrono_literals;

class Connected : public ::testing::Test {
 protected:
  Connected() : where_(test::fresh_postgresql()), connection_(open()) {}
  Connection open() {
    auto opened = Connection::open(where_, clock_);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return std::move(*opened);
  }
  Rows rows(const Statement& statement, const Parameters& parameters) {
    auto all = connection_.run(statement, parameters, 5s);
    EXPECT_TRUE(all.has_value()) << all.error().message;
    return std::move(*all);
  }
  std::string text(const std::string& sql) {
    auto answer = connection_.execute(sql, 5s);
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return std::string(answer->text(0, 0));
  }

  SystemClock clock_;
  Connection::Options where_;
  Connection connection_;
};

constexpr Statement kScalars{"t_scalars",
                             "SELECT $1::int8, $2::int4, $3::bool, $4::text, $5::bytea, $6::uuid, $7::text"};
constexpr Statement kArrays{"t_arrays",
                            "SELECT array_length($1::int8[], 1), ($1::int8[])[2], $2::int4[], ($3::text[])[1],"
                            " array_position($4::uuid[], NULL), ($4::uuid[])[1], cardinality($5::int8[]), $6::int8[]"};
constexpr Statement kOne{"t_one", "SELECT 1::int8"};
constexpr Statement kInsert{"t_insert", "INSERT INTO t VALUES ($1) RETURNING n"};
constexpr Statement kWrong{"t_wrong", "SELECT no_such_column"};

TEST_F(Connected, ScalarsComeBackAsTheyWere) {
  const std::byte raw[] = {std::byte{0}, std::byte{255}};
  const OrderId id{0x0123456789abcdef, 0xfedcba9876543210};
  Parameters p;
  p.add(std::int64_t{INT64_MIN}).add(std::int32_t{-7}).add(true).add("naïve").add(std::span(raw)).add(id);
  p.add_null(Type::text);
  const Rows got = rows(kScalars, p);
  EXPECT_EQ(got.integer(0, 0), INT64_MIN);
  EXPECT_EQ(got.integer(0, 1), -7);
  EXPECT_TRUE(got.flag(0, 2));
  EXPECT_EQ(got.text(0, 3), "naïve");
  EXPECT_EQ(got.text(0, 4), std::string_view("\0\xff", 2));
  EXPECT_EQ(got.id<OrderId>(0, 5), id);
  EXPECT_TRUE(got.is_null(0, 6));
  EXPECT_EQ(text("SELECT '01234567-89ab-cdef-fedc-ba9876543210'::uuid::text"), "01234567-89ab-cdef-fedc-ba9876543210");
}

TEST_F(Connected, ArraysComeBackAsTheyWere) {
  Parameters p;
  p.add(std::vector<std::int64_t>{1, -2, INT64_MAX}).add(std::vector<std::int32_t>{3, INT32_MIN});
  p.add(std::vector<std::string>{"", "b"}).add(std::vector<UserId>{{1, 2}, {}}).add(std::vector<std::int64_t>{});
  p.add(std::vector<std::int64_t>{});
  const Rows got = rows(kArrays, p);
  EXPECT_EQ(got.integer(0, 0), 3);
  EXPECT_EQ(got.integer(0, 1), -2);
  EXPECT_EQ(got.integers(0, 2), (std::vector<std::int64_t>{3, INT32_MIN}));
  EXPECT_EQ(got.text(0, 3), "");
  EXPECT_EQ(got.integer(0, 4), 2) << "an empty id is NULL";
  EXPECT_EQ(got.id<UserId>(0, 5), (UserId{1, 2}));
  EXPECT_EQ(got.integer(0, 6), 0);
  EXPECT_TRUE(got.integers(0, 7).empty());
}

TEST_F(Connected, IdsSortAsUlidsDo) {
  EXPECT_EQ(text("SELECT '0000018f-0000-0000-ffff-ffffffffffff'::uuid < '0000018f-0000-0001-0000-000000000000'::uuid"),
            "t");
}

TEST_F(Connected, CallsOfOneRunAreOneTransaction) {
  ASSERT_TRUE(connection_.execute("CREATE TEMP TABLE t (n int8 PRIMARY KEY CHECK (n < 10))", 5s).has_value());
  Parameters one, two, great;
  one.add(std::int64_t{1});
  two.add(std::int64_t{2});
  great.add(std::int64_t{10});
  const Call fine[] = {{&kInsert, &one}, {&kInsert, &two}};
  const auto inserted = connection_.run(fine, 5s);
  ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  EXPECT_EQ((*inserted)[1].integer(0, 0), 2);

  Parameters three;
  three.add(std::int64_t{3});
  const Call broken[] = {{&kInsert, &three}, {&kInsert, &great}, {&kInsert, &one}};
  const auto refused = connection_.run(broken, 5s);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Failure::Kind::refused);
  EXPECT_EQ(refused.error().sqlstate, "23514");
  EXPECT_EQ(refused.error().constraint, "t_n_check");
  EXPECT_EQ(text("SELECT count(*) FROM t"), "2") << "3 went with the rest";
  EXPECT_TRUE(connection_.is_open());
}

TEST_F(Connected, StatementThatCannotBePreparedIsRefusedEachTime) {
  for (int i = 0; i < 2; ++i) {
    const auto refused = connection_.run(kWrong, {}, 5s);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, Failure::Kind::refused);
    EXPECT_EQ(rows(kOne, {}).integer(0, 0), 1);
  }
}

TEST_F(Connected, SlowAnswerIsLostAndClosesTheConnection) {
  constexpr Statement kSleep{"t_sleep", "SELECT pg_sleep(1)"};
  const auto late = connection_.run(kSleep, {}, 50ms);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().kind, Failure::Kind::lost);
  EXPECT_FALSE(connection_.is_open());
  EXPECT_EQ(connection_.run(kOne, {}, 5s).error().kind, Failure::Kind::unsent);
}

TEST_F(Connected, ServersPatienceIsARefusal) {
  where_.patience = 100ms;
  Connection hasty = open();
  constexpr Statement kSleep{"t_sleep", "SELECT pg_sleep(5)"};
  const auto cut = hasty.run(kSleep, {}, 5s);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().kind, Failure::Kind::refused);
  EXPECT_EQ(cut.error().sqlstate, "57014");
  EXPECT_TRUE(hasty.is_open());
}

TEST_F(Connected, ConnectionThatTheServerClosedIsNoticedBeforeItIsUsed) {
  const std::string pid = text("SELECT pg_backend_pid()");
  Connection other = open();
  ASSERT_TRUE(other.execute("SELECT pg_terminate_backend(" + pid + ")", 5s).has_value());
  for (int i = 0; i < 200 && connection_.is_open(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(connection_.is_open());
  EXPECT_EQ(connection_.run(kOne, {}, 5s).error().kind, Failure::Kind::unsent) << "nothing of it was sent";
}

TEST_F(Connected, PoolLendsUpToItsSizeAndLendsAgain) {
  Pool pool(where_, 2, clock_);
  std::string first;
  {
    auto a = pool.borrow(1s);
    auto b = pool.borrow(1s);
    ASSERT_TRUE(a.has_value() && b.has_value());
    first = std::string((*a)->execute("SELECT pg_backend_pid()", 5s)->text(0, 0));
    const auto c = pool.borrow(20ms);
    ASSERT_FALSE(c.has_value());
    EXPECT_EQ(c.error().kind, Failure::Kind::unsent);
  }
  auto again = pool.borrow(1s);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->execute("SELECT pg_backend_pid()", 5s)->text(0, 0), first) << "not a new one";
}

TEST_F(Connected, PoolReplacesWhatBrokeOrWasDiscarded) {
  Pool pool(where_, 1, clock_);
  const auto pid = [&] {
    auto lease = pool.borrow(1s);
    return std::string((*lease)->execute("SELECT pg_backend_pid()", 5s)->text(0, 0));
  };
  const std::string first = pid();
  pool.borrow(1s)->discard();
  const std::string second = pid();
  EXPECT_NE(first, second);
  ASSERT_TRUE(connection_.execute("SELECT pg_terminate_backend(" + second + ")", 5s).has_value());
  std::this_thread::sleep_for(100ms);
  EXPECT_NE(pid(), second);
}

TEST(PoolWithoutAServer, AsksOnlyNowAndThen) {
  ManualClock clock;
  Connection::Options nowhere;
  nowhere.url = "postgresql://shop@127.0.0.1:1/shop";
  Pool pool(nowhere, 4, clock);
  EXPECT_FALSE(pool.is_cut_off());
  EXPECT_FALSE(pool.borrow(1s).has_value());
  EXPECT_TRUE(pool.is_cut_off());
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(pool.borrow(1s).has_value());  // told at once
  clock.advance(1s);
  EXPECT_FALSE(pool.borrow(1s).has_value());
}

TEST(Texts, OnlyUtf8WithoutNulIsStorable) {
  EXPECT_TRUE(is_storable(""));
  EXPECT_TRUE(is_storable("Grüße \xe2\x82\xac \xf0\x9f\x91\x9f"));
  for (const std::string_view bad :
       {std::string_view("a\0b", 3), std::string_view("\xff"), std::string_view("\xc0\x80"),
        std::string_view("\xed\xa0\x80"), std::string_view("\xf4\x90\x80\x80"), std::string_view("\xe2\x82"),
        std::string_view("\xe0\x80\x80"), std::string_view("\xf0\x80\x80\x80"), std::string_view("\x80")})
    EXPECT_FALSE(is_storable(bad));
  EXPECT_EQ(storable("a\xff"
                     "b\xe2\x82"),
            "a?b??");
  EXPECT_EQ(storable("\xe2\x82\xac"), "\xe2\x82\xac");
}

}  // namespace
}  // namespace scalemart::pg
