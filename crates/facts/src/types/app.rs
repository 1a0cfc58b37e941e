//! `app.accessed`.

use super::prelude::*;

/// `app.accessed`: an application was opened in the session.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"app": "payroll", "app_session": "app-1"}]))]
pub struct AppAccessed {
    /// The application.
    pub app: AppId,
    /// The application's own session.
    pub app_session: Option<AppSessionId>,
}
