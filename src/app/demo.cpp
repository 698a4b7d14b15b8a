#include "app/demo.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>

#include "base/random.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

using boost::json::object;

constexpr std::string_view kAdmin = "admin@demo.example";
constexpr std::int64_t kMinute = 60'000;

std::string random_password() {
  constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";  // none that look alike
  SecureRandom random;
  std::string password;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) password += '-';
    password += kLetters[random.below(kLetters.size())];
  }
  return password;
}

std::array<object, 3> catalogue(WallTime now) {
  return {object{{"id", "aurora-lamp"},
                 {"name", "Aurora lamp"},
                 {"image_url", "/art/aurora-lamp.svg"},
                 {"currency", "EUR"},
                 {"total", 500},
                 {"list_price_minor", 12900},
                 {"sale_price_minor", 7900},
                 {"per_user_limit", 2},
                 {"description",
                  "A bedside lamp that dims from daylight to ember. Five hundred were made, two for each buyer."}},
          object{{"id", "night-train-poster"},
                 {"name", "Night train poster"},
                 {"image_url", "/art/night-train-poster.svg"},
                 {"currency", "EUR"},
                 {"total", 200},
                 {"list_price_minor", 4500},
                 {"sale_price_minor", 2900},
                 {"starts_at", to_rfc3339({now.ms + 2 * kMinute})},
                 {"description",
                  "Screen print in four colours, numbered and signed. The sale starts two minutes after the "
                  "server."}},
          object{{"id", "first-pressing"},
                 {"name", "First pressing"},
                 {"image_url", "/art/first-pressing.svg"},
                 {"currency", "EUR"},
                 {"total", 0},
                 {"sale_price_minor", 3400},
                 {"description", "The record everybody came for. It is gone."}}};
}

}  // namespace

Result<void> make_demo(Operations& operations, WallTime now) {
  for (const object& product : catalogue(now)) {
    const auto made = operations.create_product(product);
    if (!made && made.error().code != "product_exists") return error("demo: " + made.error().message);
  }
  const std::string password = random_password();
  const auto admin = operations.create_user({std::string(kAdmin), password, "Demo administrator", Role::admin});
  if (!admin && admin.error().code != "email_taken") return error("demo: " + admin.error().message);
  if (admin) {
    fmt::print("administrator: {}\npassword:      {}   (shown once)\n", kAdmin, password);
    std::fflush(stdout);
  }
  return {};
}

}  // namespace scalemart
