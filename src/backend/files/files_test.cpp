#include <gtest/gtest.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"
#include "backend/files/invoice_files.hpp"
#include "backend/files/mail_files.hpp"

namespace scalemart {
namespace {

InvoiceData lamp() {
  InvoiceData data;
  data.order = *parse_ulid<OrderId>("01KA1234567890ABCDEFGHJKMN");
  data.product_id = "desk-lamp";
  data.product_name = "Desk lamp";
  data.quantity = 1;
  data.unit_price = 4990;
  data.ordered_at = data.confirmed_at = {1'764'000'000'000};
  return data;
}

std::vector<std::filesystem::path> files_under(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file()) files.push_back(std::filesystem::relative(entry.path(), root));
  return files;
}

TEST(InvoiceFiles, AreShardedByTheRandomEndOfTheId) {
  const test::TestFolder folder;
  InvoiceFiles invoices(folder.path(), "ScaleMart");
  ASSERT_TRUE(invoices.issue(lamp()));
  ASSERT_TRUE(invoices.issue(lamp()));
  const auto files = files_under(folder.path());
  ASSERT_EQ(files.size(), 1u) << "nothing is left aside";
  EXPECT_EQ(files[0], "invoices/MN/01KA1234567890ABCDEFGHJKMN.pdf");
}

TEST(InvoiceFiles, AMissingOrTornFileIsRenderedAgainToTheSameBytes) {
  const test::TestFolder folder;
  InvoiceFiles invoices(folder.path(), "ScaleMart");
  const auto first = invoices.fetch(lamp());
  ASSERT_TRUE(first);
  const auto path = folder.path() / files_under(folder.path()).at(0);
  for (const std::size_t kept : {std::size_t{0}, std::size_t{10}, first->size() - 3}) {
    std::ofstream(path, std::ios::trunc) << first->substr(0, kept);
    EXPECT_EQ(*invoices.fetch(lamp()), *first);
    EXPECT_EQ(std::filesystem::file_size(path), first->size());
  }
  std::filesystem::remove(path);
  EXPECT_EQ(*invoices.fetch(lamp()), *first);
}

TEST(InvoiceFiles, AFolderThatCannotBeWrittenIsAnErrorButTheReaderIsServed) {
  const test::TestFolder folder;
  std::ofstream(folder.path() / "invoices") << "a file where the folder should be";
  InvoiceFiles invoices(folder.path(), "ScaleMart");
  EXPECT_FALSE(invoices.issue(lamp()));
  EXPECT_TRUE(invoices.fetch(lamp()));
}

TEST(MailFiles, AMailSentTwiceIsOneFile) {
  const test::TestFolder folder;
  MailFiles mailer(folder.path(), {});
  Mail mail;
  mail.order = lamp().order;
  mail.to = "ann@example.com";
  mail.subject = "Your order";
  mail.text = "Thank you.\n";
  std::vector<MailOutcome> heard;
  for (int i = 0; i < 2; ++i) mailer.send(mail, [&](MailResult result) { heard.push_back(result.outcome); });
  mail.to = "ann@example.com\r\nBcc: all@example.com";
  mailer.send(mail, [&](MailResult result) { heard.push_back(result.outcome); });
  EXPECT_EQ(heard, (std::vector{MailOutcome::sent, MailOutcome::sent, MailOutcome::rejected}));
  EXPECT_EQ(files_under(folder.path()).size(), 1u);
}

}  // namespace
}  // namespace scalemart
