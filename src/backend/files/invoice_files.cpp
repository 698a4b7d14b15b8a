#include "backend/files/invoice_files.hpp"

#include <utility>

#include "backend/invoice/pdf.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kInvoiceMax = 1 << 20;

bool is_whole_pdf(std::string_view bytes) {
  return bytes.starts_with("%PDF-") &&
         bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 16)).find("%%EOF") != std::string_view::npos;
}

}  // namespace

InvoiceFiles::InvoiceFiles(const std::filesystem::path& data_folder, std::string shop)
    : folder_(data_folder / "invoices", "pdf"), shop_(std::move(shop)) {}

Result<void> InvoiceFiles::issue(const InvoiceData& data) {
  const Result<std::string> pdf = render_invoice(data, shop_);
  if (!pdf) return pdf.error();
  return folder_.put(data.order, *pdf);
}

Result<std::string> InvoiceFiles::fetch(const InvoiceData& data) {
  Result<std::string> kept = folder_.get(data.order, kInvoiceMax);
  if (kept && is_whole_pdf(*kept)) return kept;
  Result<std::string> pdf = render_invoice(data, shop_);
  // Whoever asks gets it, even when the disk has no room to keep it.
  if (pdf) static_cast<void>(folder_.put(data.order, *pdf));
  return pdf;
}

}  // namespace scalemart
