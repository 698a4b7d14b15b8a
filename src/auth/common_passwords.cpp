#include "auth/common_passwords.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace scalemart {
namespace {

/// Lower case, sorted; none shorter than a password may be.
constexpr std::string_view kCommon[] = {
    "00000000",     "0123456789",   "11111111",      "11223344",         "1122334455",   "123123123",    "123321123",
    "12341234",     "12345678",     "123456789",     "1234567890",       "12345678910",  "1234abcd",     "1234qwer",
    "123abc123",    "123qwe123",    "123qweasd",     "12qwaszx",         "147258369",    "147852369",    "159357159",
    "1q2w3e4r",     "1q2w3e4r5t",   "1q2w3e4r5t6y",  "1qaz2wsx",         "1qaz2wsx3edc", "1qazxsw2",     "66666666",
    "741852963",    "789456123",    "87654321",      "88888888",         "987654321",    "9876543210",   "99999999",
    "a1b2c3d4",     "a1b2c3d4e5",   "aa123456",      "aaaaaaaa",         "aaaaaaaaa",    "abc12345",     "abc123456",
    "abc123abc",    "abcd1234",     "abcdefgh",      "abcdefghi",        "abcdefghij",   "access14",     "admin123",
    "admin1234",    "admin12345",   "adminadmin",    "administrator",    "alexander",    "alexandra",    "america1",
    "anthony1",     "arsenal1",     "asdf1234",      "asdfasdf",         "asdfghjk",     "asdfghjkl",    "asdfqwer",
    "autumn2024",   "autumn2025",   "autumn2026",    "azerty123",        "azertyuiop",   "barcelona",    "baseball",
    "baseball1",    "basketball",   "batman123",     "benjamin",         "blackfriday",  "blink182",     "business",
    "butterfly",    "changeit",     "changeme",      "changeme1",        "changeme123",  "charlie1",     "chelsea1",
    "chocolate",    "christian",    "cocacola",      "company1",         "company123",   "computer",     "computer1",
    "contrasena",   "corvette",     "danielle",      "default1",         "demo1234",     "dragon123",    "elephant",
    "elizabeth",    "example1",     "example123",    "facebook",         "facebook1",    "facebook123",  "flashsale",
    "flashsale1",   "football",     "football1",     "freedom1",         "goodluck",     "goodmorning",  "google123",
    "guest123",     "guestguest",   "happy123",      "haslo123",         "hello123",     "hello1234",    "hellohello",
    "helloworld",   "heslo123",     "ilovegod",      "ilovejesus",       "ilovemom",     "iloveyou",     "iloveyou1",
    "iloveyou123",  "iloveyou2",    "instagram",     "internet",         "internet1",    "isabella",     "january1",
    "jennifer",     "jessica1",     "jonathan",      "jordan23",         "juventus",     "letmein1",     "letmein123",
    "letmeinnow",   "linkedin",     "linkedin1",     "liverpool",        "liverpool1",   "lkjhgfdsa",    "lovelove",
    "loveyou1",     "lucky123",     "manchester1",   "master123",        "maverick",     "mercedes",     "michael1",
    "michelle",     "microsoft",    "midnight",      "mnbvcxz1",         "monday123",    "monkey123",    "motdepasse",
    "mypassword",   "newpassword",  "nicholas",      "p@ssw0rd",         "p@ssword",     "pa$$w0rd",     "pa$$word",
    "parola123",    "passw0rd",     "password",      "password!",        "password01",   "password1",    "password12",
    "password123",  "password1234", "password12345", "passwordpassword", "passwort",     "passwort1",    "patricia",
    "poiuytrewq",   "pokemon1",     "pokemon123",    "princess",         "princess1",    "q1w2e3r4",     "q1w2e3r4t5",
    "q1w2e3r4t5y6", "qazwsx123",    "qazwsxedc",     "qweasdzxc",        "qweqweqwe",    "qwer1234",     "qwerty12",
    "qwerty123",    "qwerty1234",   "qwerty12345",   "qwerty123456",     "qwertyui",     "qwertyuiop",   "qwertz123",
    "qwertzuiop",   "realmadrid",   "root1234",      "rootroot",         "sales123",     "samantha",     "samsung1",
    "samsung123",   "scalemart",    "scalemart1",    "scalemart123",     "secret123",    "secret1234",   "secretsecret",
    "senha123",     "senha1234",    "shadow123",     "shop1234",         "shopping",     "spiderman",    "spring2024",
    "spring2025",   "spring2026",   "starwars",      "starwars1",        "stephanie",    "summer2023",   "summer2024",
    "summer2025",   "summer2026",   "sunshine",      "sunshine1",        "superman",     "superman1",    "temp1234",
    "temporary",    "temppass",     "test1234",      "test12345",        "testing1",     "testing123",   "testtest",
    "thepassword",  "toor1234",     "trustno1",      "user1234",         "veronica",     "victoria",     "wachtwoord",
    "welcome1",     "welcome12",    "welcome123",    "welcome1234",      "whatever",     "whatever1",    "windows10",
    "windows123",   "winter2023",   "winter2024",    "winter2025",       "winter2026",   "yourpassword", "youtube1",
    "zaq12wsx",     "zaq1xsw2",     "zaqwsxcde",     "zxcvbnm1",         "zxcvbnm123",   "zxcvbnmm"};
static_assert(std::is_sorted(std::begin(kCommon), std::end(kCommon)));

bool is_listed(std::string_view lower) {
  return std::binary_search(std::begin(kCommon), std::end(kCommon), lower);
}

bool is_digit_or_sign(char c) {
  return !(c >= 'a' && c <= 'z') && static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

bool is_common_password(std::string_view password) {
  std::string lower(password);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
  if (is_listed(lower)) return true;
  if (std::adjacent_find(lower.begin(), lower.end(), std::not_equal_to<>()) == lower.end()) return true;
  std::string_view core = lower;
  constexpr std::size_t kTrimMax = 4;
  for (std::size_t i = 0; i < kTrimMax && !core.empty() && is_digit_or_sign(core.back()); ++i) {
    core.remove_suffix(1);
    if (is_listed(core)) return true;
  }
  core = lower;
  for (std::size_t i = 0; i < kTrimMax && !core.empty() && is_digit_or_sign(core.front()); ++i) {
    core.remove_prefix(1);
    if (is_listed(core)) return true;
  }
  return false;
}

}  // namespace scalemart
