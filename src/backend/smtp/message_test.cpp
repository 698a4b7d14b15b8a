#include "backend/smtp/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace scalemart {
namespace {

Mail mail() {
  Mail m;
  m.order = *parse_ulid<OrderId>("01KA1234567890ABCDEFGHJKMN");
  m.to = "ann@example.com";
  m.to_name = "Ann";
  m.subject = "Your order is confirmed";
  m.text = "Hello Ann,\n\nthank you.\n";
  m.date = {1'795'347'000'000};
  return m;
}

TEST(Message, CarriesTheHeadersAndTheOrdersId) {
  const auto text = build_message(mail(), {});
  ASSERT_TRUE(text);
  EXPECT_TRUE(
      text->starts_with("From: ScaleMart <shop@localhost>\r\nTo: Ann <ann@example.com>\r\n"
                        "Subject: Your order is confirmed\r\nDate: Sun, 22 Nov 2026 11:30:00 +0000\r\n"
                        "Message-ID: <01KA1234567890ABCDEFGHJKMN.confirmation@localhost>\r\n"));
  EXPECT_TRUE(text->ends_with("\r\n\r\nHello Ann,\r\n\r\nthank you.\r\n"));
  EXPECT_EQ(*text, *build_message(mail(), {}));
}

TEST(Message, NoFieldCanSmuggleAHeader) {
  for (const char* poison : {"x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: y", "x\x01"}) {
    Mail m = mail();
    m.subject = poison;
    EXPECT_FALSE(build_message(m, {})) << poison;
    m = mail();
    m.to_name = poison;
    EXPECT_FALSE(build_message(m, {})) << poison;
    m = mail();
    m.to = std::string("ann@example.com") + poison;
    EXPECT_FALSE(build_message(m, {})) << poison;
    m = mail();
    m.attachment_name = poison;
    EXPECT_FALSE(build_message(m, {})) << poison;
  }
  Mail m = mail();
  m.to_name = "Ann\" <all@example.com>, \"";
  const auto text = build_message(m, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("To: \"Ann\\\" <all@example.com>, \\\"\" <ann@example.com>\r\n"), std::string::npos);
}

TEST(Message, HeadersBeyondAsciiAreEncodedInShortWords) {
  EXPECT_EQ(encode_header("plain"), "plain");
  EXPECT_EQ(encode_header("Gr\xc3\xbc\xc3\x9f"
                          "e"),
            "=?UTF-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(encode_header("=?UTF-8?B?eA==?="), "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=") << "what looks encoded is";
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xc3\xbc";
  std::string encoded = encode_header(umlauts) + "\r\n ";
  for (std::size_t end = 0; (end = encoded.find("\r\n ")) != std::string::npos; encoded.erase(0, end + 3)) {
    EXPECT_LE(end, 75u);
    EXPECT_EQ(encoded.substr(10, end - 12).size() % 4, 0u);
    EXPECT_EQ(encoded.substr(10, 4), "w7zD") << "a word begins at a character";
  }
}

TEST(Message, TextSurvivesQuotedPrintable) {
  Mail m = mail();
  m.text = "price = 5 \xe2\x82\xac \n" + std::string(200, 'x') + "\n.\nend";
  const auto text = build_message(m, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("price =3D 5 =E2=82=AC=20\r\n"), std::string::npos);
  for (std::size_t at = 0, end = 0; (end = text->find("\r\n", at)) != std::string::npos; at = end + 2)
    EXPECT_LE(end - at, 76u + 40u);
  EXPECT_NE(text->find("=\r\nx"), std::string::npos);
}

TEST(Message, AnInvoiceIsAttached) {
  Mail m = mail();
  m.attachment_name = "invoice.pdf";
  m.attachment = std::string("%PDF-") + std::string(300, '\xff');
  const auto text = build_message(m, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("Content-Type: multipart/mixed; boundary=\"=_01KA1234567890ABCDEFGHJKMN\""), std::string::npos);
  EXPECT_NE(text->find("filename=\"invoice.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi3/"),
            std::string::npos);
  EXPECT_TRUE(text->ends_with("\r\n--=_01KA1234567890ABCDEFGHJKMN--\r\n"));
}

TEST(Message, HtmlIsTheOtherHalfOfAnAlternative) {
  Mail m = mail();
  m.html =
      "<p>Gr\xc3\xbc\xc3\x9f"
      "e</p>\n";
  const std::string order = to_string(m.order);
  auto text = build_message(m, {});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("Content-Type: multipart/alternative; boundary=\"=_alternative_" + order + "\""),
            std::string::npos);
  EXPECT_LT(text->find("text/plain"), text->find("text/html")) << "the last one is shown";
  m.attachment_name = "invoice.pdf";
  m.attachment = "%PDF-";
  text = build_message(m, {});
  ASSERT_TRUE(text);
  EXPECT_LT(text->find("multipart/mixed"), text->find("multipart/alternative"));
  EXPECT_LT(text->find("--=_alternative_" + order + "--"), text->find("application/pdf"));
}

TEST(Message, EachKindIsAMessageOfItsOwn) {
  Mail m = mail();
  m.kind = "refunded";
  EXPECT_NE(build_message(m, {})->find("01KA1234567890ABCDEFGHJKMN.refunded@localhost"), std::string::npos);
  for (const char* wrong : {"", "Refunded", "x\r\ny", "a@b", "a>b"}) {
    m.kind = wrong;
    EXPECT_FALSE(build_message(m, {})) << wrong;
  }
}

RC_GTEST_PROP(Message, AnyTextGivesTheSameHeadersOrNone,
              (const std::string& name, const std::string& subject, const std::string& to, const std::string& shop)) {
  Mail m = mail();
  m.to_name = name;
  m.subject = subject;
  m.to = *rc::gen::element<std::string>("ann@example.com", to, "ann@example.com" + to, to + "@example.com");
  MailIdentity identity;
  identity.from_name = shop;
  const auto text = build_message(m, identity);
  if (!text) return;
  std::vector<std::string> names;
  const std::string head = text->substr(0, text->find("\r\n\r\n"));
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string line = head.substr(at, end - at);
    at = end + 2;
    for (const char c : line) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f);
    if (!line.starts_with(' ')) names.push_back(line.substr(0, line.find(':')));
  }
  RC_ASSERT(names == (std::vector<std::string>{"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
                                               "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}));
}

TEST(Message, DatesAreThoseOfTheCalendar) {
  EXPECT_EQ(to_rfc5322_date({0}), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(to_rfc5322_date({1'709'209'845'999}), "Thu, 29 Feb 2024 12:30:45 +0000");
}

}  // namespace
}  // namespace scalemart
