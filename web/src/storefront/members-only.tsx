import type { ReactNode } from "react";
import { useLocation } from "wouter";
import type { User } from "../shared/api/types.ts";
import { useSession } from "../shared/api/use-session.ts";
import { ButtonLink } from "../ui/button.tsx";
import { PageHead } from "../ui/page.tsx";
import { Notice, Skeleton } from "../ui/surface.tsx";

/** Pages that need a login: guests are sent there and come back. */
export function MembersOnly({ title, children }: { title: string; children: (user: User) => ReactNode }) {
  const session = useSession();
  const [path] = useLocation();
  if (session.kind === "member") return children(session.user);
  return (
    <>
      <PageHead title={title} />
      {session.kind === "unknown" ? (
        <Skeleton height="12rem" />
      ) : (
        <Notice title="Please log in first" live="off" actions={<ButtonLink variant="primary" href={`/login?next=${encodeURIComponent(path)}`}>Log in</ButtonLink>} />
      )}
    </>
  );
}
