#include "app/version.hpp"

#include <curl/curl.h>
#include <curl/curlver.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include <boost/version.hpp>

#include "revision.hpp"

namespace scalemart {

std::string_view version() {
  return SCALEMART_VERSION;
}
std::string_view revision() {
  return SCALEMART_REVISION;
}
std::string_view compiler() {
  return "g++ " __VERSION__;
}

std::vector<std::pair<std::string, std::string>> libraries() {
  return {{"boost", std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000)},
          {"sqlite", sqlite3_libversion()},
          {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"libcurl", curl_version_info(CURLVERSION_NOW)->version}};
}

}  // namespace scalemart
