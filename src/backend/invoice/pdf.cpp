#include "backend/invoice/pdf.hpp"

#include <hpdf.h>

#include <memory>
#include <string_view>
#include <vector>

#include "backend/invoice/win_ansi.hpp"
#include "domain/money_text.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

constexpr float kLeft = 56;
constexpr float kRight = 539;
constexpr std::size_t kNameLines = 4;

struct FreeDocument {
  void operator()(HPDF_Doc document) const { HPDF_Free(document); }
};
using Document = std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, FreeDocument>;

/// Writes on one page, from the top down.
class Page {
 public:
  explicit Page(HPDF_Doc document)
      : page_(HPDF_AddPage(document)),
        plain_(HPDF_GetFont(document, "Helvetica", "WinAnsiEncoding")),
        bold_(HPDF_GetFont(document, "Helvetica-Bold", "WinAnsiEncoding")) {
    HPDF_Page_SetSize(page_, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
  }

  void font(float size, bool bold = false) { HPDF_Page_SetFontAndSize(page_, bold ? bold_ : plain_, size); }
  void grey(float level) { HPDF_Page_SetGrayFill(page_, level); }
  void left(float x, float y, const std::string& text) {
    HPDF_Page_BeginText(page_);
    HPDF_Page_TextOut(page_, x, y, text.c_str());
    HPDF_Page_EndText(page_);
  }
  void right(float x, float y, const std::string& text) { left(x - width(text), y, text); }
  void rule(float y) {
    HPDF_Page_SetLineWidth(page_, 0.5F);
    HPDF_Page_MoveTo(page_, kLeft, y);
    HPDF_Page_LineTo(page_, kRight, y);
    HPDF_Page_Stroke(page_);
  }
  [[nodiscard]] float width(const std::string& text) { return HPDF_Page_TextWidth(page_, text.c_str()); }
  /// Breaks at spaces, and inside a word that is too long; what does not fit `kNameLines` is cut.
  [[nodiscard]] std::vector<std::string> wrap(std::string_view text, float room) {
    std::vector<std::string> lines;
    while (!text.empty() && lines.size() < kNameLines) {
      HPDF_REAL real = 0;
      const std::string rest(text);
      auto fits = static_cast<std::size_t>(HPDF_Page_MeasureText(page_, rest.c_str(), room, HPDF_TRUE, &real));
      if (fits == 0) fits = HPDF_Page_MeasureText(page_, rest.c_str(), room, HPDF_FALSE, &real);
      if (fits == 0) break;
      lines.emplace_back(text.substr(0, fits));
      text.remove_prefix(fits);
    }
    if (!text.empty() && !lines.empty()) lines.back() += " ...";
    return lines;
  }

 private:
  HPDF_Page page_;
  HPDF_Font plain_, bold_;
};

/// "2026-11-22 11:30:05 UTC"
std::string readable(WallTime at) {
  std::string text = to_rfc3339(at);
  return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

void write_head(Page& page, const InvoiceData& data, const std::string& shop) {
  page.font(20, true);
  page.left(kLeft, 770, to_win_ansi(shop));
  page.font(20);
  page.right(kRight, 770, "Invoice");
  page.rule(756);
  page.font(10);
  float y = 730;
  const auto row = [&](const char* name, const std::string& value) {
    page.grey(0.4F);
    page.left(kLeft, y, name);
    page.grey(0);
    page.left(kLeft + 90, y, value);
    y -= 16;
  };
  row("Order", to_string(data.order));
  row("Ordered", readable(data.ordered_at));
  row("Confirmed", readable(data.confirmed_at));
}

void write_items(Page& page, const InvoiceData& data) {
  page.grey(0.4F);
  page.left(kLeft, 650, "Product");
  page.right(360, 650, "Quantity");
  page.right(450, 650, "Price");
  page.right(kRight, 650, "Total");
  page.grey(0);
  page.rule(642);
  float y = 624;
  page.right(360, y, std::to_string(data.quantity));
  page.right(450, y, format_money(data.unit_price, data.currency));
  page.right(kRight, y, format_money(data.total(), data.currency));
  for (const std::string& line : page.wrap(to_win_ansi(data.product_name), 240)) {
    page.left(kLeft, y, line);
    y -= 14;
  }
  page.font(8);
  page.grey(0.4F);
  page.left(kLeft, y, data.product_id);
  page.grey(0);
  y -= 18;
  page.rule(y);
  page.font(12, true);
  page.left(kLeft, y - 22, "Total paid");
  page.right(kRight, y - 22, format_money(data.total(), data.currency));
}

}  // namespace

Result<std::string> render_invoice(const InvoiceData& data, const std::string& shop) {
  // No error handler: libharu then keeps the first error, and every later call does nothing.
  const Document document(HPDF_New(nullptr, nullptr));
  if (!document) return error("invoice: no memory for a document");
  HPDF_SetCompressionMode(document.get(), HPDF_COMP_NONE);  // 2 kB either way; three times as fast
  {
    Page page(document.get());
    write_head(page, data, shop);
    write_items(page, data);
  }
  if (HPDF_SaveToStream(document.get()) != HPDF_OK || HPDF_GetError(document.get()) != HPDF_OK)
    return error("invoice " + to_string(data.order) + ": libharu error " +
                 std::to_string(HPDF_GetError(document.get())));
  std::string pdf(HPDF_GetStreamSize(document.get()), '\0');
  auto size = static_cast<HPDF_UINT32>(pdf.size());
  HPDF_ResetStream(document.get());
  HPDF_ReadFromStream(document.get(), reinterpret_cast<HPDF_BYTE*>(pdf.data()), &size);
  if (size != pdf.size()) return error("invoice " + to_string(data.order) + ": libharu gave half a document");
  return pdf;
}

}  // namespace scalemart
