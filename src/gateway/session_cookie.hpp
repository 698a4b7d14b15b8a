#pragma once
// Refresh tokens of browsers: in a cookie that no script can read.
//
// A page asks for it with the header `X-Session: cookie`. Another site cannot send that header, for a browser asks us
// first (CORS) and is told no; besides, an Origin that is not ours is refused. So the cookie alone does nothing.

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

#include "auth/sessions.hpp"
#include "gateway/exchange.hpp"

namespace scalemart {

/// Who keeps the refresh token of this request, or why it cannot be said: 422 for an X-Session that we do not know,
/// 403 for a page of somebody else.
[[nodiscard]] std::variant<TokenKeeper, Response> token_keeper(const Exchange& x);

/// The cookie's value; nullopt: there is none. Of several with its name none is believed: the value is then empty,
/// which is no token.
[[nodiscard]] std::optional<std::string_view> refresh_cookie(const Exchange& x);

/// Over TLS it is called __Secure-scalemart_refresh, so that no page without TLS can set it, and is Secure.
[[nodiscard]] Response with_refresh_cookie(Response response, bool is_secure, std::string_view token,
                                           std::chrono::seconds lifetime);
[[nodiscard]] Response without_refresh_cookie(Response response, bool is_secure);

}  // namespace scalemart
