#include "fulfilment/mail_template.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <fstream>

#include "fulfilment/paper_desk.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;

struct TemplateFolder : ::testing::Test {
  TemplateFolder() : folder(fs::temp_directory_path() / ("scalemart-templates-" + std::to_string(getpid()))) {
    fs::create_directories(folder);
  }
  ~TemplateFolder() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  const fs::path folder;
};

MailFields fields() {
  return {"Lamps & Co", "Hello Ann", "Ann", "01KA", "Lamp <b>", "lamp", "2", "1.00 EUR", "2.00 EUR", "why"};
}

TEST(MailTemplates, EveryKindHasSubjectTextAndHtml) {
  for (int i = 0; i < kMailKindCount; ++i) {
    const auto mail = MailTemplates::built_in().render(static_cast<MailKind>(i), fields());
    EXPECT_NE(mail.subject.find("Lamp <b>"), std::string::npos);
    for (const char* part : {"Hello Ann", "01KA", "2.00 EUR"}) {
      EXPECT_NE(mail.text.find(part), std::string::npos) << i << part;
      EXPECT_NE(mail.html.find(part), std::string::npos) << i << part;
    }
    EXPECT_NE(mail.text.find("Lamps & Co"), std::string::npos);
    EXPECT_NE(mail.html.find("Lamps &amp; Co"), std::string::npos);
    EXPECT_NE(mail.html.find("Lamp &lt;b&gt;"), std::string::npos) << "values are no markup";
    EXPECT_EQ(mail.html.find("Lamp <b>"), std::string::npos);
    EXPECT_EQ((mail.subject + mail.text + mail.html).find("{{"), std::string::npos);
  }
}

TEST_F(TemplateFolder, OnesOfTheShopTakeTheirPlace) {
  write("refunded.txt", "Subject: {{ shop }} pays back {{total}}\r\n\r\nDear {{name}}\r\n");
  const auto templates = MailTemplates::open(folder);
  ASSERT_TRUE(templates) << templates.error().message;
  const auto own = templates->render(MailKind::refunded, fields());
  EXPECT_EQ(own.subject, "Lamps & Co pays back 2.00 EUR");
  EXPECT_EQ(own.text, "Dear Ann\n");
  EXPECT_EQ(own.html, "") << "text alone, if that is all there is";
  EXPECT_NE(templates->render(MailKind::failed, fields()).html, "") << "the others stay";
}

TEST_F(TemplateFolder, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> wrong[] = {{"Hello\n", "Subject: "},
                                                       {"Subject: x\n\n{{prise}}\n", "{{prise}}"},
                                                       {"Subject: x\n\n{{price\n", "{{ without }}"},
                                                       {"Subject: \xff\n\nx\n", "UTF-8"}};
  for (const auto& [text, words] : wrong) {
    write("failed.txt", text);
    const auto templates = MailTemplates::open(folder);
    ASSERT_FALSE(templates) << text;
    EXPECT_NE(templates.error().message.find("failed.txt"), std::string::npos) << templates.error().message;
    EXPECT_NE(templates.error().message.find(words), std::string::npos) << templates.error().message;
  }
  fs::remove(folder / "failed.txt");
  write("failed.html", "<p>x</p>");
  EXPECT_FALSE(MailTemplates::open(folder)) << "HTML without a text";
  EXPECT_FALSE(MailTemplates::open(folder / "nowhere"));
}

RC_GTEST_PROP(MailTemplates, NoNameBreaksALine, (const std::string& name, const std::string& product)) {
  MailAbout about;
  about.product_name = product + "\r\nBcc: all@example.com";
  const Mail mail =
      compose_mail(MailTemplates::built_in(), MailKind::refunded, about, {"a@example.com", name + "\n"}, "Shop");
  for (const std::string* header : {&mail.subject, &mail.to_name})
    for (const char c : *header) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace
}  // namespace scalemart
