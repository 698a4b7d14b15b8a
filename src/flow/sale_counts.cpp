#include "flow/sale_counts.hpp"

namespace scalemart {

void SaleCounts::sold(Currency currency, std::uint32_t units, MinorUnits total) {
  const std::lock_guard lock(mutex_);
  auto found = money_.find(currency.text());
  if (found == money_.end()) found = money_.emplace(std::string(currency.text()), Money{}).first;
  found->second.confirmed += total;
  found->second.units += units;
}

void SaleCounts::refunded(Currency currency, std::uint32_t units, MinorUnits total) {
  const std::lock_guard lock(mutex_);
  Money& money = money_[std::string(currency.text())];
  money.confirmed -= total;
  money.refunded += total;
  money.units -= units;
}

void SaleCounts::set_money(std::map<std::string, Money, std::less<>> money) {
  const std::lock_guard lock(mutex_);
  money_ = std::move(money);
}

std::map<std::string, SaleCounts::Money, std::less<>> SaleCounts::money() const {
  const std::lock_guard lock(mutex_);
  return money_;
}

}  // namespace scalemart
