use std::collections::BTreeSet;

use crate::domain::credential::CredentialType;

/// One call to AWS that we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What for.
    pub task: Task,
    /// `service:Name`, as policies write it. It may be a permission that comes along with another call.
    pub action: &'static str,
    /// What it is made on, as narrowly as AWS lets a policy say it.
    pub scope: Scope,
}

/// What calls are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Issuing a credential of this type.
    Issue(CredentialType),
    /// Passing the session tags that are declared, with a credential of this type.
    PassTags(CredentialType),
    /// Passing the source identity that is declared.
    PassSourceIdentity,
    /// Attaching the managed policies that are declared to an IAM user.
    AttachPolicies,
    /// Making an IAM user a member of the groups that are declared.
    JoinGroups,
    /// Finding IAM users that are ours.
    FindUsers,
    /// Ending an IAM user, and whatever anybody hung on it.
    EndUser,
    /// Denying single sessions of a target role, or all older ones.
    DenySessions,
    /// Taking the deny of one session off a target role, once the session is over.
    ClearSessionDenies,
    /// Learning who asks.
    Identify,
    /// Reading target roles one by one.
    ReadTargets,
    /// Reading all roles of an account, where many are declared.
    ReadManyTargets,
    /// Reading the broker's own policies, if it is a role.
    ReadBrokerRole,
    /// Reading the broker's own policies, if it is a user.
    ReadBrokerUser,
    /// Reading managed policies: those that are declared, and the broker's own.
    ReadPolicies,
    /// Looking managed policies up in the list of all, where many are declared.
    ReadManyPolicies,
    /// Reading the groups that are declared.
    ReadGroups,
    /// Reading the account's quotas.
    ReadQuotas,
    /// Reading another account.
    ReadOtherAccounts,
}

impl Task {
    /// Whether it is part of reading the world.
    #[must_use]
    pub const fn is_reading(self) -> bool {
        match self {
            Self::Identify
            | Self::ReadTargets
            | Self::ReadManyTargets
            | Self::ReadBrokerRole
            | Self::ReadBrokerUser
            | Self::ReadPolicies
            | Self::ReadManyPolicies
            | Self::ReadGroups
            | Self::ReadQuotas
            | Self::ReadOtherAccounts => true,
            Self::Issue(_)
            | Self::PassTags(_)
            | Self::PassSourceIdentity
            | Self::AttachPolicies
            | Self::JoinGroups
            | Self::FindUsers
            | Self::EndUser
            | Self::ClearSessionDenies
            | Self::DenySessions => false,
        }
    }
}

/// What a call is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// AWS asks for no permission.
    Unasked,
    /// AWS cannot scope it: `*`.
    Everything,
    /// The declared target roles.
    Targets,
    /// Federated users by the names that we give.
    FederatedUsers,
    /// IAM users by the path and names that we give.
    LeaseUsers,
    /// The groups that are declared.
    Groups,
    /// Groups that only AWS knows: those of the broker.
    AnyGroup,
    /// Managed policies.
    Policies,
    /// Virtual MFA devices, whose names are nobody's but their maker's.
    MfaDevices,
    /// The broker.
    Broker,
    /// The declared `reader_role_arn`s.
    Readers,
}

const fn call(task: Task, action: &'static str, scope: Scope) -> Call {
    Call { task, action, scope }
}

const ASSUMED_ROLE: Task = Task::Issue(CredentialType::AssumedRole);
const IAM_USER: Task = Task::Issue(CredentialType::IamUser);

/// Every call, task by task, each in the order in which it is made.
///
/// Resources and conditions follow AWS's service authorization reference. Passing tags or a source identity is a
/// permission of its own beside the call that passes them.
pub const CALLS: &[Call] = &[
    call(ASSUMED_ROLE, "sts:AssumeRole", Scope::Targets),
    call(Task::PassTags(CredentialType::AssumedRole), "sts:TagSession", Scope::Targets),
    call(Task::PassSourceIdentity, "sts:SetSourceIdentity", Scope::Targets),
    call(Task::Issue(CredentialType::FederationToken), "sts:GetFederationToken", Scope::FederatedUsers),
    call(Task::PassTags(CredentialType::FederationToken), "sts:TagSession", Scope::FederatedUsers),
    call(Task::Issue(CredentialType::SessionToken), "sts:GetSessionToken", Scope::Unasked),
    // The user is made with path, tags and boundary in one call; tags ask for `iam:TagUser` too. The deny that ends it by
    // itself is its first policy, and its key comes last.
    call(IAM_USER, "iam:CreateUser", Scope::LeaseUsers),
    call(IAM_USER, "iam:TagUser", Scope::LeaseUsers),
    call(IAM_USER, "iam:PutUserPolicy", Scope::LeaseUsers),
    call(Task::AttachPolicies, "iam:AttachUserPolicy", Scope::LeaseUsers),
    call(Task::JoinGroups, "iam:AddUserToGroup", Scope::Groups),
    call(IAM_USER, "iam:CreateAccessKey", Scope::LeaseUsers),
    // A name that is taken is ours or somebody else's; a key whose secret was lost, or that does not work, goes at once.
    call(IAM_USER, "iam:GetUser", Scope::LeaseUsers),
    call(IAM_USER, "iam:ListAccessKeys", Scope::LeaseUsers),
    call(IAM_USER, "iam:DeleteAccessKey", Scope::LeaseUsers),
    call(Task::FindUsers, "iam:ListUsers", Scope::Everything),
    call(Task::FindUsers, "iam:GetUser", Scope::LeaseUsers),
    // Keys are switched off first. Then goes everything that keeps `iam:DeleteUser` from working, of all nine kinds.
    call(Task::EndUser, "iam:ListAccessKeys", Scope::LeaseUsers),
    call(Task::EndUser, "iam:UpdateAccessKey", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteAccessKey", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteLoginProfile", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListSigningCertificates", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteSigningCertificate", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListSSHPublicKeys", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteSSHPublicKey", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListServiceSpecificCredentials", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteServiceSpecificCredential", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListMFADevices", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeactivateMFADevice", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteVirtualMFADevice", Scope::MfaDevices),
    call(Task::EndUser, "iam:ListUserPolicies", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DeleteUserPolicy", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListAttachedUserPolicies", Scope::LeaseUsers),
    call(Task::EndUser, "iam:DetachUserPolicy", Scope::LeaseUsers),
    call(Task::EndUser, "iam:ListGroupsForUser", Scope::LeaseUsers),
    call(Task::EndUser, "iam:RemoveUserFromGroup", Scope::Groups),
    call(Task::EndUser, "iam:DeleteUser", Scope::LeaseUsers),
    call(Task::EndUser, "iam:GetUser", Scope::LeaseUsers),
    // What there is already is read first: AWS counts all inline policies of a role together.
    call(Task::DenySessions, "iam:ListRolePolicies", Scope::Targets),
    call(Task::DenySessions, "iam:GetRolePolicy", Scope::Targets),
    call(Task::DenySessions, "iam:PutRolePolicy", Scope::Targets),
    // Each deny is a policy of its own, so that taking one away never writes a policy of a target role.
    call(Task::ClearSessionDenies, "iam:ListRolePolicies", Scope::Targets),
    call(Task::ClearSessionDenies, "iam:GetRolePolicy", Scope::Targets),
    call(Task::ClearSessionDenies, "iam:DeleteRolePolicy", Scope::Targets),
    call(Task::Identify, "sts:GetCallerIdentity", Scope::Unasked),
    call(Task::ReadTargets, "iam:GetRole", Scope::Targets),
    call(Task::ReadManyTargets, "iam:ListRoles", Scope::Everything),
    call(Task::ReadBrokerRole, "iam:GetRole", Scope::Broker),
    call(Task::ReadBrokerRole, "iam:ListRolePolicies", Scope::Broker),
    call(Task::ReadBrokerRole, "iam:GetRolePolicy", Scope::Broker),
    call(Task::ReadBrokerRole, "iam:ListAttachedRolePolicies", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:GetUser", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:ListUserPolicies", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:GetUserPolicy", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:ListAttachedUserPolicies", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:ListGroupsForUser", Scope::Broker),
    call(Task::ReadBrokerUser, "iam:ListGroupPolicies", Scope::AnyGroup),
    call(Task::ReadBrokerUser, "iam:GetGroupPolicy", Scope::AnyGroup),
    call(Task::ReadBrokerUser, "iam:ListAttachedGroupPolicies", Scope::AnyGroup),
    call(Task::ReadPolicies, "iam:GetPolicy", Scope::Policies),
    call(Task::ReadPolicies, "iam:GetPolicyVersion", Scope::Policies),
    call(Task::ReadManyPolicies, "iam:ListPolicies", Scope::Everything),
    call(Task::ReadGroups, "iam:GetGroup", Scope::Groups),
    call(Task::ReadQuotas, "iam:GetAccountSummary", Scope::Everything),
    call(Task::ReadOtherAccounts, "sts:AssumeRole", Scope::Readers),
];

/// The actions of a task on things of one scope, sorted.
#[must_use]
pub fn actions(task: Task, scope: Scope) -> Vec<&'static str> {
    let mut actions: Vec<_> =
        CALLS.iter().filter(|call| call.task == task && call.scope == scope).map(|call| call.action).collect();
    actions.sort_unstable();
    actions
}

/// The actions that reading the world may ask for, of any world.
#[must_use]
pub fn read_actions() -> BTreeSet<&'static str> {
    CALLS.iter().filter(|call| call.task.is_reading()).map(|call| call.action).collect()
}
