-- Roles of staff, as words with spaces between them; `staff_since` says since when they are these.
ALTER TABLE account ADD COLUMN roles TEXT NOT NULL DEFAULT '';
UPDATE account SET roles = 'admin' WHERE staff_since IS NOT NULL;
UPDATE audit SET act = 'role_granted', detail = 'admin' WHERE act = 'granted_staff';
UPDATE audit SET act = 'role_revoked', detail = 'admin' WHERE act = 'revoked_staff';
