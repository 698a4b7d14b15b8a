#include "app/pages.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace scalemart {
namespace {

namespace fs = std::filesystem;

class PagesTest : public ::testing::Test {
 protected:
  PagesTest() {
    std::string name = fs::temp_directory_path() / "scalemart-pages-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~PagesTest() override { fs::remove_all(root_); }

  fs::path write(const std::string& name, const std::string& content = "x") {
    const fs::path file = root_ / "pages" / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  [[nodiscard]] std::string names() const {
    const auto pages = Pages::open(root_ / "pages");
    if (!pages) return pages.error().message;
    std::string out;
    for (const EmbeddedFile& file : pages->files()) out.append(out.empty() ? "" : " ").append(file.path);
    return out;
  }

  fs::path root_;
};

TEST_F(PagesTest, FolderIsListedWithoutWhatIsHidden) {
  write("index.html", "<!doctype html>");
  write("assets/app-1a2b3c4d.js", std::string(200'000, 'j'));
  write(".env", "secret");
  write(".git/config", "secret");
  EXPECT_EQ(names(), "pages/assets/app-1a2b3c4d.js pages/index.html");
  auto pages = Pages::open(root_ / "pages");
  ASSERT_TRUE(pages);
  const Pages moved = std::move(*pages);
  EXPECT_EQ(moved.files()[0].content(), std::string(200'000, 'j'));
  EXPECT_EQ(moved.files()[1].content(), "<!doctype html>");
}

TEST_F(PagesTest, BadFolderIsAClearError) {
  EXPECT_EQ(names(), "SCALEMART_PAGES: there is no folder " + (root_ / "pages").string());
  write("other.html");
  EXPECT_EQ(names(), "SCALEMART_PAGES: " + (root_ / "pages").string() + " has no index.html");
  write("index.html");
  EXPECT_EQ(names(), "pages/index.html pages/other.html");
  write("two words.html");
  EXPECT_NE(names().find("two words.html: names are made of letters"), std::string::npos) << names();
}

TEST_F(PagesTest, AFileInTheFoldersPlaceIsNoFolder) {
  std::ofstream(root_ / "pages") << "x";
  EXPECT_NE(names().find("there is no folder"), std::string::npos);
}

TEST_F(PagesTest, LinksStayInside) {
  write("index.html");
  write("real/logo.svg", "<svg/>");
  fs::create_symlink("real/logo.svg", root_ / "pages" / "logo.svg");
  EXPECT_EQ(names(), "pages/index.html pages/logo.svg pages/real/logo.svg");
  std::ofstream(root_ / "token.keys") << "secret";
  fs::create_symlink(root_ / "token.keys", root_ / "pages" / "keys.txt");
  EXPECT_NE(names().find("keys.txt is no file of this folder"), std::string::npos) << names();
  fs::remove(root_ / "pages" / "keys.txt");
  fs::create_directory_symlink(root_, root_ / "pages" / "above");
  EXPECT_EQ(names().find("above/"), std::string::npos) << "a linked folder is not walked into: " << names();
}

TEST_F(PagesTest, SizeIsBounded) {
  write("index.html");
  fs::resize_file(write("large.bin"), 64 * 1024 * 1024);
  EXPECT_EQ(names(), "SCALEMART_PAGES: the files are larger than 64 MiB together");
}

}  // namespace
}  // namespace scalemart
