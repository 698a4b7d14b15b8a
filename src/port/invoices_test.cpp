#include "port/invoices.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

ProductSpec lamp() {
  ProductSpec lamp;
  lamp.id = "desk-lamp";
  lamp.details.name = "Desk lamp";
  lamp.currency = {{'C', 'H', 'F'}};
  return lamp;
}

TEST(Invoices, ShowTheSameToTheWorkerAndToTheBuyer) {
  OpenOrder open;
  open.id = {7, 9};
  open.quantity = 3;
  open.unit_price = 4990;
  open.created = {1'764'000'000'000};
  open.confirmed = {1'764'000'002'345};
  OrderView view;
  view.id = open.id;
  view.product_id = "what the order was shown with";
  view.quantity = 3;
  view.unit_price = 4990;
  view.status = OrderStatus::refunded;
  view.history = {{OrderStatus::pending, open.created},
                  {OrderStatus::processing, {1'764'000'001'000}},
                  {OrderStatus::confirmed, open.confirmed},
                  {OrderStatus::refunded, {1'764'000'009'000}}};
  const InvoiceData mailed = invoice_of(open, lamp());
  EXPECT_EQ(mailed, invoice_of(view, lamp()));
  EXPECT_EQ(mailed.product_name, "Desk lamp");
  EXPECT_EQ(mailed.confirmed_at, open.confirmed);
  EXPECT_EQ(mailed.total(), 14'970);
}

}  // namespace
}  // namespace scalemart
